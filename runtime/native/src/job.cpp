#include "job.h"

#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include "failure.h"

namespace hearsight {
namespace {

constexpr std::array<std::pair<const char*, std::int32_t>, 6> stages{{
    {"load", HS_STAGE_LOAD},
    {"prepare", HS_STAGE_PREPARE},
    {"encode", HS_STAGE_ENCODE},
    {"denoise", HS_STAGE_DENOISE},
    {"decode", HS_STAGE_DECODE},
    {"finish", HS_STAGE_FINISH},
}};

std::string lines(const std::vector<std::string>& sentences) {
    std::string text;
    for (const std::string& sentence : sentences) {
        text += text.empty() ? sentence : "\n" + sentence;
    }
    return text;
}

}  // namespace

HeldTake::HeldTake(const Memory& memory, const Take& take)
    : samples_(memory, take.audio), notes_(lines(take.notes)) {
    info_.struct_size = sizeof info_;
    info_.sample_rate = take.sample_rate;
    info_.channels = take.channels;
    info_.variation = take.variation;
    info_.frames = samples_.count() / take.channels;
    info_.seed = take.seed;
    info_.item_seed = take.item_seed;
}

hs_take_info HeldTake::info() const {
    hs_take_info told = info_;
    told.samples = samples_.data();
    told.notes = notes_.c_str();
    return told;
}

Job::Job(std::shared_ptr<const Generator> generator, Request request, const Memory& memory,
         const hs_callbacks& callbacks)
    : generator_(std::move(generator)), request_(std::move(request)), memory_(memory),
      callbacks_(callbacks) {
    progress_.struct_size = sizeof progress_;
    progress_.status = HS_RUNNING;
    progress_.stage = HS_STAGE_QUEUED;
}

void Job::run() noexcept {
    bool wanted = false;
    {
        const std::lock_guard<std::mutex> hold(mutex_);
        begun_ = true;
        wanted = progress_.status == HS_RUNNING;
    }
    if (wanted) {
        Failure failure = attempt([this] { make(); });
        end(failure.status, std::move(failure.text));
    }
    generator_.reset();
    const Gate::Visit visit(gate_);
    if (visit.open && callbacks_.finished) {
        const hs_progress last = progress();
        attempt([&] { callbacks_.finished(callbacks_.user, &last); });  // a host in C++ may throw
    }
}

void Job::make() {
    const auto told = [this](const char* stage, std::int64_t done, std::int64_t total) {
        advance(stage, done, total);
    };
    generator_->make(request_, told, cancel_, [this](Take&& take) { keep(take); });
}

void Job::cancel() {
    cancel_.cancel();
    bool waiting = false;
    {
        const std::lock_guard<std::mutex> hold(mutex_);
        waiting = !begun_ && progress_.status == HS_RUNNING;
    }
    if (waiting) {
        end(HS_CANCELLED, "Stopped as asked.");
    }
}

hs_progress Job::progress() const {
    const std::lock_guard<std::mutex> hold(mutex_);
    return progress_;
}

hs_status Job::wait(std::uint32_t milliseconds) const {
    std::unique_lock<std::mutex> hold(mutex_);
    const auto over = [this] { return progress_.status != HS_RUNNING; };
    if (milliseconds == HS_FOREVER) {
        ended_.wait(hold, over);
    } else {
        ended_.wait_for(hold, std::chrono::milliseconds(milliseconds), over);
    }
    return progress_.status;
}

std::shared_ptr<const HeldTake> Job::take(std::uint32_t index) const {
    const std::lock_guard<std::mutex> hold(mutex_);
    return index < takes_.size() ? takes_[index] : nullptr;
}

std::string Job::error() const {
    const std::lock_guard<std::mutex> hold(mutex_);
    return error_;
}

void Job::advance(const char* stage, std::int64_t done, std::int64_t total) {
    hs_progress now{};
    {
        const std::lock_guard<std::mutex> hold(mutex_);
        for (const auto& [word, number] : stages) {
            if (std::strcmp(word, stage) == 0) {
                progress_.stage = number;
            }
        }
        progress_.done = static_cast<std::uint32_t>(done);
        progress_.total = static_cast<std::uint32_t>(total);
        now = progress_;
    }
    if (!callbacks_.progress) {
        return;
    }
    const Gate::Visit visit(gate_);
    if (visit.open) {
        callbacks_.progress(callbacks_.user, &now);
    }
}

void Job::keep(const Take& take) {
    auto held = std::make_shared<const HeldTake>(memory_, take);
    const std::lock_guard<std::mutex> hold(mutex_);
    takes_.push_back(std::move(held));
    progress_.takes = static_cast<std::uint32_t>(takes_.size());
}

void Job::end(hs_status status, std::string text) noexcept {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (progress_.status == HS_RUNNING) {  // else another thread has cancelled it first
        progress_.status = status;
        error_ = std::move(text);
        ended_.notify_all();
    }
}

}  // namespace hearsight
