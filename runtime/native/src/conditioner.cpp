#include "conditioner.h"

#include <algorithm>
#include <cmath>

#include "chains.h"
#include "error.h"
#include "mixing.h"
#include "roles.h"
#include "slots.h"
#include "words.h"

namespace hearsight {
namespace {

constexpr std::size_t most_text = 100'000;  // bytes
constexpr std::size_t shown_words = 12;

// 100000 as 100,000.
std::string grouped(std::size_t number) {
    std::string text = std::to_string(number);
    for (std::size_t place = text.size(); place > 3;) {
        place -= 3;
        text.insert(place, ",");
    }
    return text;
}

// What the graph after the first of a chain takes: embeddings [1, D], one for each frame, as
// [1, frames, D]; a picture or a sound is a single one.
Tensor as_frames(Tensor embedding) {
    if (embedding.shape.empty()) {  // ONNX Runtime only warns of another rank than was declared
        throw Error(Status::bundle,
                    "A graph gave a single number where an embedding is due; export the bundle "
                    "again.");
    }
    embedding.shape.insert(embedding.shape.begin() + 1, 1);
    return embedding;
}

Branches unprompted(const Tensor* empty, const Tensor* against, double guidance) {
    if (!empty) {
        throw Error(Status::usage,
                    "The text is empty, and this bundle cannot play without a prompt; describe a "
                    "sound.");
    }
    return branches({*empty}, {1.0}, against, against ? guidance : 1.0);
}

Guide everywhere(Branches told, std::size_t windows) {
    return {std::vector<Tensor>(windows, std::move(told.cond)), std::move(told.weights)};
}

// The branches of one window with a guidance.
Branches mixed(const Request& request, std::vector<Tensor> prompts, const Tensor* negative,
               const Tensor* empty, double guidance) {
    if (prompts.empty()) {
        return unprompted(empty, negative, guidance);
    }
    std::vector<double> shares;
    for (const Prompt& prompt : request.prompts) {
        if (!prompt.blank()) {
            shares.push_back(prompt.weight);
        }
    }
    if (request.mix == Mix::average) {
        prompts = {average(prompts, shares)};
        shares = {1.0};
    }
    return branches(prompts, shares, negative ? negative : empty, guidance);
}

}  // namespace

const Chain* graphs_for(const Manifest& manifest, Modality modality) {
    switch (modality) {
    case Modality::text:
        return chain_of(manifest, Sense::text);
    case Modality::image:
        return chain_of(manifest, Sense::image);
    case Modality::audio:
        return chain_of(manifest, Sense::audio);
    case Modality::condition:
        break;
    }
    return nullptr;
}

bool Conditioner::understands(Modality modality) const {
    return graphs(modality) != nullptr;
}

bool Conditioner::plays(Modality modality) const {
    const Chain* chain = graphs(modality);
    return chain && std::all_of(chain->begin(), chain->end(), [&](const std::string& name) {
               const Graph& graph = engine_->graph(name);
               const Role role = role_of(name, graph);
               return role != Role::join && role != Role::detect &&
                      std::none_of(graph.inputs.begin(), graph.inputs.end(),
                                   [](const TensorSpec& spec) {
                                       return spec.name == "box" || is_noise(spec.name);
                                   });
           });
}

const std::optional<AudioConditioner>& Conditioner::hearing() const {
    return engine_->bundle().manifest.conditioners.audio;
}

Tensor Conditioner::condition(const Prompt& prompt, Cancel& cancel) {
    const Ort& ort = engine_->ort();
    const Chain& chain = *graphs(prompt.modality);
    Value input;
    Tensor sound;  // lives as long as its view
    if (prompt.modality == Modality::text) {
        input = ort.text(prompt.text);
    } else if (prompt.modality == Modality::image) {
        const Picture& picture = prompt.picture;
        input = ort.view(picture.pixels.data(), {1, picture.height, picture.width, 3});
    } else {
        const AudioConditioner& known = *hearing();
        const auto wanted = static_cast<std::size_t>(
            std::nearbyint(known.seconds * static_cast<double>(known.sample_rate)));
        const auto& samples = prompt.sound.samples;
        const std::size_t there = std::min(samples.size(), wanted);
        sound = zeros({1, static_cast<std::int64_t>(known.pad ? wanted : there)});
        std::copy_n(samples.begin(), there, sound.data.begin());
        input = ort.view(sound);
    }
    const std::string& first = engine_->graph(chain[0]).inputs[0].name;
    auto tensors = engine_->run(chain[0], {{first.c_str(), &input}}, cancel);
    for (std::size_t index = 1; index < chain.size(); ++index) {
        Inputs given;
        Tensor frames;
        Value view;
        for (const TensorSpec& spec : engine_->graph(chain[index]).inputs) {
            const Value* value = &tensors[spec.name];
            if (prompt.modality != Modality::text) {
                frames = as_frames(ort.tensor(tensors.begin()->second));
                view = ort.view(frames);
                value = &view;
            }
            given.emplace_back(spec.name.c_str(), value);
        }
        tensors = engine_->run(chain[index], given, cancel);
    }
    const Bundle& bundle = engine_->bundle();
    Tensor cond = ort.tensor(tensors["cond"]);
    Shape wanted = bundle.manifest.space.shape;
    wanted.insert(wanted.begin(), 1);
    if (cond.shape != wanted) {
        throw Error(Status::bundle, "\"" + bundle.manifest.name + "\" made a condition of " +
                                        std::to_string(cond.data.size()) +
                                        " numbers, which is not "
                                        "what its manifest says of its space; export it again.");
    }
    cond.shape.erase(cond.shape.begin());
    return cond;
}

std::string Conditioner::readable(const std::string& text, std::vector<std::string>& notes) {
    std::string used = text;
    if (text.size() > most_text) {
        notes.push_back("The text of " + grouped(text.size()) + " bytes is too long; its first " +
                        grouped(most_text) + " bytes were used.");
        std::size_t end = most_text;
        while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
            --end;  // no half characters
        }
        used.resize(end);
    }
    const auto unknown = unknown_words(used);
    if (!unknown.empty()) {
        std::string note = "These words were not understood, so the sound does not follow them: ";
        for (std::size_t index = 0; index < std::min(unknown.size(), shown_words); ++index) {
            note += (index ? ", " : "") + unknown[index];
        }
        if (unknown.size() > shown_words) {
            note += " and " + std::to_string(unknown.size() - shown_words) + " more";
        }
        notes.push_back(note + ".");
    }
    return used;
}

std::vector<std::string> Conditioner::unknown_words(const std::string& text) {
    const Bundle& bundle = engine_->bundle();
    const auto& known = bundle.manifest.conditioners.text;
    if (!known || !known->vocabulary) {
        return {};
    }
    if (!words_) {
        words_ = std::make_unique<Words>(read_words(bundle.path(*known->vocabulary)));
    }
    return hearsight::unknown_words(text, *words_);
}

Conditioner* asked(const std::vector<std::unique_ptr<Conditioner>>& conditioners,
                   Modality modality) {
    const auto found =
        std::find_if(conditioners.begin(), conditioners.end(),
                     [&](const auto& conditioner) { return conditioner->understands(modality); });
    return found == conditioners.end() ? nullptr : found->get();
}

Conditioner& able(const std::vector<std::unique_ptr<Conditioner>>& conditioners,
                  Modality modality) {
    Conditioner* first = asked(conditioners, modality);
    if (!first) {
        throw Error(Status::usage,
                    std::string("No loaded bundle understands ") + spelled(modality) +
                        " prompts; load a conditioner bundle of the same space for it.");
    }
    if (!first->plays(modality)) {
        throw Error(Status::usage,
                    std::string("This library cannot encode ") + spelled(modality) +
                        " prompts as the bundle \"" + first->name() +
                        "\" does it; let `runtime-cli condition` make a condition of the prompt "
                        "once, and give that.");
    }
    return *first;
}

Conditioning condition(const Request& request, const Space& space,
                       const std::vector<std::unique_ptr<Conditioner>>& conditioners,
                       const Tensor* empty, std::size_t windows, const Progress& progress,
                       Cancel& cancel) {
    std::vector<const Prompt*> spoken;
    for (const Prompt& prompt : request.prompts) {
        if (!prompt.blank()) {
            spoken.push_back(&prompt);
        }
    }
    const std::size_t asked = spoken.size();
    Prompt negative;
    negative.text = request.negative;
    const bool negated = !negative.blank();
    if (negated) {
        spoken.push_back(&negative);
    }
    Conditioning told;
    std::vector<Tensor> encoded;
    const auto total = static_cast<std::int64_t>(spoken.size());
    for (const Prompt* prompt : spoken) {
        cancel.raise_if();
        progress("encode", static_cast<std::int64_t>(encoded.size()), total);
        if (prompt->modality == Modality::condition) {
            encoded.push_back({space.shape, prompt->condition});
            continue;
        }
        Conditioner& conditioner = able(conditioners, prompt->modality);
        if (prompt->modality == Modality::text) {
            Prompt read;
            read.text = conditioner.readable(prompt->text, told.notes);
            encoded.push_back(conditioner.condition(read, cancel));
        } else {
            encoded.push_back(conditioner.condition(*prompt, cancel));
        }
    }
    if (total > 0) {
        progress("encode", total, total);
    }
    if (negated && *request.guidance == 1) {
        told.notes.push_back(
            "The negative prompt changes nothing at guidance 1; raise the guidance.");
    }
    if (asked == 0) {
        told.notes.push_back("The text is empty, so the sound follows nothing but the seed.");
    } else if (asked < request.prompts.size()) {
        told.notes.push_back("An empty text among the prompts was left out.");
    }
    const Tensor against = negated ? std::move(encoded.back()) : Tensor{};
    encoded.resize(asked);
    const Tensor* away = negated ? &against : nullptr;
    told.guided = everywhere(mixed(request, encoded, away, empty, *request.guidance), windows);
    told.plain = everywhere(mixed(request, encoded, away, empty, 1.0), windows);
    return told;
}

}  // namespace hearsight
