#include "values.h"

#include <algorithm>
#include <functional>

#include "breach.h"
#include "roles.h"

namespace hearsight {
namespace {

void check_latent(const Latent& latent) {
    int free = 0;
    for (const Dim& dim : latent.shape) {
        const auto* size = std::get_if<std::int64_t>(&dim);
        free += size == nullptr && std::get<std::string>(dim) == "T" ? 1 : 0;
        if (size != nullptr ? *size < 1 : std::get<std::string>(dim) != "T") {
            free = 2;
        }
    }
    if (free != 1) {
        breach("latent.shape must be positive numbers and exactly one T");
    }
    if (latent.samples_per_frame < 1 || latent.multiple < 1) {
        breach("latent.samples_per_frame and latent.multiple must be at least 1");
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

void check_schedule(const Schedule& schedule) {
    const Betas& betas = schedule.betas;
    if (schedule.train_steps < 1) {
        breach("schedule.train_steps must be at least 1");
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
    if (!(0 < limits.min_seconds && limits.min_seconds <= limits.max_seconds)) {
        breach("defaults.limits needs 0 < min_seconds <= max_seconds");
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
    if (space.name.empty() || space.shape.empty() ||
        *std::min_element(space.shape.begin(), space.shape.end()) < 1) {
        breach("space needs a name and a shape of positive numbers");
    }
    if (space.empty &&
        (space.empty->dtype != DType::float32 || space.empty->shape != space.shape)) {
        breach("space.empty must be float32 " + text_of(space.shape) + ", as space.shape says");
    }
    if (manifest.latent) {
        check_latent(*manifest.latent);
    }
    if (manifest.audio && manifest.audio->sample_rate < 1) {
        breach("audio.sample_rate must be at least 1 Hz");
    }
    if (manifest.audio && manifest.audio->peak &&
        !(0 < *manifest.audio->peak && *manifest.audio->peak <= 1)) {
        breach("audio.peak must be above 0 and at most 1");
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
    const auto& audio = manifest.conditioners.audio;
    if (audio && (audio->sample_rate < 1 || audio->seconds <= 0)) {
        breach("conditioners.audio needs a sample_rate and seconds above 0");
    }
}

}  // namespace hearsight
