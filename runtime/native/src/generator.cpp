#include "generator.h"

#include <algorithm>
#include <cmath>

#include "decoder.h"
#include "error.h"
#include "noise.h"
#include "schedule.h"
#include "seed.h"

namespace hearsight {
namespace {

// Progress of one part, as a part of so many alike.
Progress share(const Progress& progress, std::uint32_t index, std::uint32_t parts) {
    return [&progress, index, parts](const char* stage, std::int64_t done, std::int64_t total) {
        progress(stage, index * total + done, parts * total);
    };
}

// Which rows of a table are guided: those whose noise lies in the interval.
std::vector<bool> guided_rows(const Request& request, const std::vector<Row>& table,
                              std::int64_t train_steps) {
    const auto [first, last] = *request.guidance_interval;
    std::vector<bool> guided;
    for (const Row& row : table) {
        const double done = 1 - row.t / static_cast<double>(train_steps);
        guided.push_back(done >= first && done <= last);
    }
    return guided;
}

// Standard normal noise [1, ...latent].
Tensor latent_noise(std::uint64_t seed, std::uint64_t stream, const Shape& shape,
                    std::size_t time_axis) {
    Tensor noise = normal(seed, stream, Shape(shape.begin() + 1, shape.end()), time_axis - 1);
    noise.shape = shape;
    return noise;
}

std::vector<Row> table_of(const Request& request, const Manifest& manifest) {
    const double strength = request.init ? *request.init->strength : 1.0;
    return rows(*manifest.schedule, *request.solver, *request.steps, *request.eta, strength);
}

}  // namespace

// What all variations of a resolved request have in common.
struct Generator::Score {
    Request request;
    Tiling tiles;
    std::vector<Row> table;
    std::vector<bool> guided;
    Conditioning told;
    std::optional<Edit> edit;
};

Generator::Generator(std::shared_ptr<const Bundle> bundle,
                     const std::vector<std::shared_ptr<const Bundle>>& conditioners,
                     const EngineSettings& settings)
    : bundle_(std::move(bundle)) {
    const Manifest& manifest = bundle_->manifest;
    const Space& here = manifest.space;
    if (manifest.kind == Kind::classifier) {
        throw Error(Status::bundle, "The bundle \"" + manifest.name +
                                        "\" tells sounds apart and makes none; load a generator.");
    }
    if (manifest.kind == Kind::conditioner) {
        throw Error(Status::bundle, "The bundle \"" + manifest.name +
                                        "\" understands prompts and makes no sound; load a "
                                        "generator of space \"" +
                                        here.name + "\" and name it as a conditioner.");
    }
    engine_ = std::make_shared<Engine>(bundle_, settings);
    for (const auto& other : conditioners) {
        const Space& there = other->manifest.space;
        if (other->manifest.kind == Kind::classifier) {
            throw Error(Status::bundle, "The bundle \"" + other->manifest.name +
                                            "\" tells sounds apart and understands no prompts; "
                                            "leave it out of the conditioners.");
        }
        if (there.name != here.name || there.shape != here.shape) {
            throw Error(Status::bundle,
                        "The conditioner \"" + other->manifest.name + "\" speaks \"" + there.name +
                            "\", and the generator \"" + manifest.name + "\" listens to \"" +
                            here.name + "\"; load a conditioner of that space.");
        }
        EngineSettings hearing = settings;
        hearing.wishes.precision.reset();  // what was asked of the generator, others may not have
        auto engine = std::make_shared<Engine>(other, hearing);
        conditioners_.push_back(std::make_unique<Conditioner>(std::move(engine)));
    }
    conditioners_.push_back(std::make_unique<Conditioner>(engine_));
    if (here.empty) {
        empty_ = bundle_->tensor(*here.empty);
    }
}

bool Generator::understands(Modality modality) const {
    if (modality == Modality::condition) {
        return true;
    }
    const Conditioner* first = asked(conditioners_, modality);
    return first && first->plays(modality);
}

std::uint32_t Generator::audio_rate() const {
    if (!understands(Modality::audio)) {
        return 0;
    }
    return static_cast<std::uint32_t>(
        asked(conditioners_, Modality::audio)->hearing()->sample_rate);
}

std::string Generator::provider() const {
    return engine_->provider();
}

std::string Generator::why() const {
    return engine_->why();
}

Request Generator::resolved(Request asked) const {
    Request request = resolve(std::move(asked), bundle_->manifest);
    check_steps(*bundle_->manifest.schedule, *request.solver, *request.steps);
    for (std::size_t index = 0; index < request.prompts.size(); ++index) {
        const Prompt& prompt = request.prompts[index];
        if (prompt.modality == Modality::condition || prompt.blank()) {
            continue;
        }
        const Conditioner& conditioner = able(conditioners_, prompt.modality);
        if (prompt.modality == Modality::audio) {
            const AudioConditioner& known = *conditioner.hearing();
            check_sound(prompt.sound, known.sample_rate, known.seconds,
                        "prompts[" + std::to_string(index) + "]");
        }
    }
    if (Prompt negative; negative.text = request.negative, !negative.blank()) {
        able(conditioners_, Modality::text);
    }
    return request;
}

void Generator::make(const Request& asked, const Progress& progress, Cancel& cancel,
                     const Ready& ready) const {
    const Manifest& manifest = bundle_->manifest;
    Score score;
    score.request = resolved(asked);
    const Request& request = score.request;
    score.table = table_of(request, manifest);
    score.guided = guided_rows(request, score.table, manifest.schedule->train_steps);
    progress("load", 1, 1);
    cancel.raise_if();
    score.tiles = tile(manifest, *request.seconds, request.loop);
    score.told = condition(request, manifest.space, conditioners_, empty_ ? &*empty_ : nullptr,
                           score.tiles.starts.size(), progress, cancel);
    const bool none =
        std::find(score.guided.begin(), score.guided.end(), true) == score.guided.end();
    if (none && *request.guidance != 1) {
        score.told.notes.push_back(
            "Guidance had no effect: none of the " + std::to_string(score.table.size()) +
            " steps lies in the guidance interval; widen it, or make more steps.");
    }
    if (request.init) {
        score.edit = begin(*request.init, *engine_, score.tiles, cancel);
    }
    for (std::uint32_t index = 0; index < request.variations; ++index) {
        const Progress part = share(progress, index, request.variations);
        ready(take(score, request.first_variation + index, part, cancel));
    }
}

Take Generator::take(const Score& score, std::uint32_t variation, const Progress& progress,
                     Cancel& cancel) const {
    const Request& request = score.request;
    const AudioSpec& spec = *bundle_->manifest.audio;
    Take made;
    made.channels = static_cast<std::uint32_t>(spec.channels);
    made.sample_rate = static_cast<std::uint32_t>(spec.sample_rate);
    made.variation = variation;
    made.seed = *request.seed;
    made.item_seed = item_seed(*request.seed, request.id, variation);
    made.notes = score.told.notes;
    const Tensor latent = denoise(score, made.item_seed, progress, cancel);
    made.audio = decode(*engine_, latent, score.tiles, made.item_seed, progress, cancel);
    cancel.raise_if();
    if (!request.loop) {
        const double samples =
            std::nearbyint(*request.seconds * static_cast<double>(spec.sample_rate));
        made.audio.resize(std::max<std::size_t>(1, static_cast<std::size_t>(samples)) *
                          made.channels);
    }
    const float gain = score.edit ? static_cast<float>(score.edit->gain) : 1.0F;
    for (float& sample : made.audio) {
        if (!std::isfinite(sample)) {
            throw Error(Status::internal,
                        "The model returned values that are not numbers; check the bundle with "
                        "`runtime-cli bundles verify`.");
        }
        sample /= gain;
    }
    return made;
}

Tensor Generator::denoise(const Score& score, std::uint64_t seed, const Progress& progress,
                          Cancel& cancel) const {
    const Shape shape = latent_shape(bundle_->manifest, score.tiles.frames);
    const std::size_t axis = time_axis(bundle_->manifest);
    std::vector<const Guide*> guides;
    for (const bool guided : score.guided) {
        guides.push_back(guided ? &score.told.guided : &score.told.plain);
    }
    const Noises noises = [&](std::size_t row) {
        return latent_noise(seed, STEP_STREAM + row, shape, axis);
    };
    std::size_t left = score.table.size() * score.tiles.starts.size();
    const Step step = [&](const StepInputs& inputs) {
        --left;
        return engine_->step(inputs, cancel, left == 0);
    };
    Tensor start = latent_noise(seed, LATENT_STREAM, shape, axis);
    if (score.edit) {
        start = score.edit->start(start, score.table.front());
    }
    return sample(step, std::move(start), {score.table, guides, score.tiles, axis, noises},
                  progress, cancel);
}

}  // namespace hearsight
