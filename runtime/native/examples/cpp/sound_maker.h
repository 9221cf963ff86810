// One engine, one bundle and one job at a time for tools with a main loop: begin, poll, take.
// Throws nothing itself, so that it suits engines that compile without exceptions.
#pragma once

#include <hearsight.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace hearsight_example {

struct Sound {
    std::vector<float> samples;  // channels in turn, within full scale
    int channels = 1;
    int sample_rate = 0;
    std::string notes;
};

class SoundMaker {
  public:
    SoundMaker() = default;
    SoundMaker(const SoundMaker&) = delete;
    SoundMaker& operator=(const SoundMaker&) = delete;
    ~SoundMaker() { close(); }

    // Paths as in hs_engine_options and hs_bundle_options. False: `error` says why.
    bool open(const std::string& onnxruntime, const std::string& extensions,
              const std::string& bundle) {
        close();
        hs_engine_options options{};
        options.struct_size = sizeof options;
        options.onnxruntime = onnxruntime.empty() ? nullptr : onnxruntime.c_str();
        options.extensions = extensions.empty() ? nullptr : extensions.c_str();
        hs_bundle_options which{};
        which.struct_size = sizeof which;
        which.folder = bundle.c_str();
        return kept(hs_engine_create(&options, &engine_)) &&
               kept(hs_bundle_open(engine_, &which, &bundle_));
    }

    // Asks for a sound, and no longer for the one before. seed 0: a fresh one.
    bool begin(const std::string& text, double seconds, std::uint64_t seed, bool loop) {
        hs_job_free(job_);
        job_ = nullptr;
        hs_prompt prompt{};
        prompt.struct_size = sizeof prompt;
        prompt.kind = HS_TEXT;
        prompt.text = text.c_str();
        hs_request request{};
        request.struct_size = sizeof request;
        request.prompts = &prompt;
        request.prompt_count = 1;
        request.seconds = seconds;
        request.seed = seed;
        request.flags = loop ? HS_LOOP : 0;
        return kept(hs_job_start(bundle_, &request, nullptr, &job_));
    }

    // HS_RUNNING, HS_OK, HS_CANCELLED or what went wrong; never waits. HS_USAGE without a job.
    hs_status poll() {
        hs_progress progress{};
        progress.struct_size = sizeof progress;
        const hs_status status = hs_job_poll(job_, &progress);
        return status == HS_OK ? progress.status : status;
    }

    void cancel() { hs_job_cancel(job_); }

    // The sound, once poll tells HS_OK; the job is over with that.
    bool take(Sound& sound) {
        hs_take* take = nullptr;
        hs_take_info info{};
        info.struct_size = sizeof info;
        const bool there =
            kept(hs_job_result(job_, 0, &take)) && kept(hs_take_get_info(take, &info));
        if (there) {
            sound.samples.assign(info.samples, info.samples + info.frames * info.channels);
            sound.channels = static_cast<int>(info.channels);
            sound.sample_rate = static_cast<int>(info.sample_rate);
            sound.notes = info.notes;
            float peak = 1;  // the model may go beyond full scale
            for (const float sample : sound.samples)
                peak = std::max(peak, std::fabs(sample));
            for (float& sample : sound.samples)
                sample /= peak;
        }
        hs_take_free(take);
        hs_job_free(job_);
        job_ = nullptr;
        return there;
    }

    // Why the job failed, or else why the last call did.
    std::string error() const {
        std::string words(hs_job_error(job_, nullptr, 0), '\0');
        if (words.empty())
            return error_;
        hs_job_error(job_, words.data(), static_cast<std::uint32_t>(words.size()) + 1);
        return words;
    }

    // Stops everything; no thread of the library outlives this.
    void close() {
        hs_job_free(job_);
        hs_bundle_close(bundle_);
        hs_engine_destroy(engine_);
        job_ = nullptr;
        bundle_ = nullptr;
        engine_ = nullptr;
    }

  private:
    bool kept(hs_status status) {
        if (status == HS_OK)
            return true;
        error_.resize(hs_engine_error(nullptr, nullptr, 0));
        hs_engine_error(nullptr, error_.data(), static_cast<std::uint32_t>(error_.size()) + 1);
        return false;
    }

    hs_engine* engine_ = nullptr;
    hs_bundle* bundle_ = nullptr;
    hs_job* job_ = nullptr;
    std::string error_;
};

}  // namespace hearsight_example
