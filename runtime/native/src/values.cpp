#include "values.h"

#include <algorithm>
#include <functional>

#include "axes.h"
#include "breach.h"
#include "roles.h"

namespace hearsight {
namespace {

// Beyond what any sound needs, and small enough that no product of a few of them overflows.
constexpr std::int64_t most_rate = 1'000'000;   // Hz
constexpr std::int64_t most_frame = 1'000'000;  // samples of a frame, or frames
constexpr double most_fps = 1000;
constexpr std::int64_t most_pictures = 10'000;  // or moments, of a video
constexpr std::int64_t most_train_steps = 100'000;
constexpr double most_piece = 3600;  // seconds

bool between(std::int64_t low, std::int64_t value, std::int64_t high) {
    return low <= value && value <= high;
}

// Whether there are sizes, all of at least 1, and no more than `most_numbers` values.
bool is_shape(const std::vector<std::int64_t>& sizes) {
    std::int64_t numbers = 1;
    for (const std::int64_t size : sizes) {
        if (!between(1, size, most_numbers / numbers)) {
            return false;
        }
        numbers *= size;
    }
    return true;
}

void check_latent(const Latent& latent) {
    std::vector<std::int64_t> sizes;
    std::vector<std::string> free;
    for (const Dim& dim : latent.shape) {
        if (const auto* size = std::get_if<std::int64_t>(&dim)) {
            sizes.push_back(*size);
        } else {
            free.push_back(std::get<std::string>(dim));
        }
    }
    if (free != std::vector<std::string>{"T"} || !is_shape(sizes)) {
        breach("latent.shape must be positive numbers, at most 268435456 in a frame, and exactly "
               "one T");
    }
    if (!between(1, latent.samples_per_frame, most_frame) ||
        !between(1, latent.multiple, most_frame)) {
        breach("latent.samples_per_frame and latent.multiple must lie between 1 and 1000000");
    }
    const auto& bands = latent.bands;
    if (bands.empty()) {
        return;
    }
    if (latent.shape.back() != Dim(static_cast<std::int64_t>(bands.size()) - 1)) {
        breach("latent.bands has " + std::to_string(bands.size()) +
               " edges; the last axis of latent.shape needs one more");
    }
    if (bands[0] < 0 ||
        std::adjacent_find(bands.begin(), bands.end(), std::greater_equal<>()) != bands.end()) {
        breach("latent.bands must rise from 0 Hz or more");
    }
}

void check_audio(const Manifest& manifest, const AudioSpec& audio) {
    if (!between(1, audio.sample_rate, most_rate)) {
        breach("audio.sample_rate must lie between 1 and 1000000 Hz");
    }
    if (audio.peak && !(0 < *audio.peak && *audio.peak <= 1)) {
        breach("audio.peak must be above 0 and at most 1");
    }
    if (!audio.mel) {
        return;
    }
    const Mel& mel = *audio.mel;
    if (find(manifest.graphs, "vocoder") == nullptr) {
        breach("audio.mel is what a vocoder takes, and graphs.vocoder is missing");
    }
    if (!between(1, mel.bins, most_frame) || !between(1, mel.n_fft, most_frame) ||
        !between(1, mel.hop, most_frame)) {
        breach("audio.mel needs bins, n_fft and hop between 1 and 1000000");
    }
    if (!(0 <= mel.fmin && mel.fmin < mel.fmax &&
          mel.fmax <= static_cast<double>(audio.sample_rate) / 2)) {
        breach("audio.mel needs 0 <= fmin < fmax, up to half of audio.sample_rate");
    }
    if (mel.floor <= 0) {
        breach("audio.mel.floor must be above 0");
    }
}

// How sounds are heard, by a conditioner or a classifier.
template <typename Heard>
void check_heard(const std::string& at, const Heard& heard) {
    if (!between(1, heard.sample_rate, most_rate) ||
        !(0 < heard.seconds && heard.seconds <= most_piece)) {
        breach(at +
               " needs a sample_rate and seconds above 0, at most 1000000 Hz and 3600 seconds");
    }
    if (static_cast<double>(heard.sample_rate) * heard.seconds >
        static_cast<double>(most_numbers)) {
        breach(at + ": seconds at its sample_rate must be at most 268435456 samples");
    }
}

void check_schedule(const Schedule& schedule) {
    const Betas& betas = schedule.betas;
    if (!between(1, schedule.train_steps, most_train_steps)) {
        breach("schedule.train_steps must lie between 1 and 100000");
    }
    if ((betas.kind == BetaKind::flow) != (schedule.prediction == Prediction::flow)) {
        breach("schedule.betas.kind and schedule.prediction must both be \"flow\", or neither");
    }
    const bool ramp = betas.kind == BetaKind::linear || betas.kind == BetaKind::scaled_linear;
    if (ramp && !(0 < betas.start && betas.start <= betas.end && betas.end < 1)) {
        breach("schedule.betas needs 0 < start <= end < 1");
    }
    if (betas.kind == BetaKind::given &&
        static_cast<std::int64_t>(betas.values.size()) != schedule.train_steps) {
        breach("schedule.betas.values has " + std::to_string(betas.values.size()) +
               " numbers for " + std::to_string(schedule.train_steps) + " train_steps");
    }
    if (!std::all_of(betas.values.begin(), betas.values.end(),
                     [](double beta) { return 0 < beta && beta < 1; })) {
        breach("schedule.betas.values must lie between 0 and 1");
    }
    if (!betas.values.empty() && betas.kind != BetaKind::given) {
        breach("schedule.betas.values belongs to the kind \"given\" only");
    }
    if (betas.shift <= 0) {
        breach("schedule.betas.shift must be above 0");
    }
}

void check_defaults(const Manifest& manifest, const Defaults& defaults) {
    const Limits& limits = defaults.limits;
    if (!(0 < limits.min_seconds && limits.min_seconds <= limits.max_seconds &&
          limits.max_seconds <= most_piece)) {
        breach("defaults.limits needs 0 < min_seconds <= max_seconds <= 3600");
    }
    if (defaults.seconds < limits.min_seconds || defaults.seconds > limits.max_seconds) {
        breach("defaults.seconds lies outside defaults.limits");
    }
    if (defaults.steps < 1 || defaults.steps > 1000) {
        breach("defaults.steps must lie between 1 and 1000");
    }
    if (defaults.eta < 0 || defaults.eta > 1) {
        breach("defaults.eta must lie between 0 and 1");
    }
    if (manifest.schedule &&
        (defaults.solver == Solver::euler) != (manifest.schedule->betas.kind == BetaKind::flow)) {
        breach("defaults.solver must be \"euler\" for flow models and another one for the rest");
    }
    if (defaults.guidance < 0) {
        breach("defaults.guidance must not be negative");
    }
    if (defaults.guidance != 1 && !manifest.space.empty) {
        breach("space.empty is missing; guidance needs the condition for no prompt");
    }
}

}  // namespace

void check_values(const Manifest& manifest) {
    const Space& space = manifest.space;
    if (space.name.empty() || space.shape.empty() || !is_shape(space.shape)) {
        breach("space needs a name and a shape of positive numbers, at most 268435456 in all");
    }
    if (space.empty &&
        (space.empty->dtype != DType::float32 || space.empty->shape != space.shape)) {
        breach("space.empty must be float32 " + text_of(space.shape) + ", as space.shape says");
    }
    if (manifest.latent) {
        check_latent(*manifest.latent);
    }
    if (manifest.audio) {
        check_audio(manifest, *manifest.audio);
    }
    if (manifest.schedule) {
        check_schedule(*manifest.schedule);
    }
    if (manifest.defaults) {
        check_defaults(manifest, *manifest.defaults);
    }
    const auto& video = manifest.conditioners.video;
    if (video && (video->fps < 0 || video->max_frames < 1)) {
        breach("conditioners.video needs fps of 0 or more and max_frames of at least 1");
    }
    if (video && (video->fps > most_fps || video->max_frames > most_pictures)) {
        breach("conditioners.video needs fps of 1000 at most and max_frames of 10000 at most");
    }
    if (const auto& audio = manifest.conditioners.audio) {
        check_heard("conditioners.audio", *audio);
    }
    if (const auto& classifier = manifest.classifier) {
        check_heard("classifier", *classifier);
        if (classifier->graphs != Chain{"classify"}) {
            breach("classifier.graphs must be [\"classify\"]");
        }
        if (space.shape.size() != 1) {
            breach("space.shape of a classifier is one axis: how many classes it knows");
        }
    }
}

}  // namespace hearsight
