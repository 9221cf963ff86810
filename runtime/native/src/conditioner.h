// Prompts become conditions: text, pictures, sounds and ready-made ones meet in the bundle's space.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine.h"
#include "request.h"
#include "sampler.h"
#include "words.h"

namespace hearsight {

// The graphs that prompts of a modality go through; null where a bundle does not understand it.
const Chain* graphs_for(const Manifest& manifest, Modality modality);

// One bundle's ways from a prompt to a condition.
class Conditioner {
  public:
    explicit Conditioner(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

    // Whether its bundle takes prompts of this modality; those that are conditions need nobody.
    bool understands(Modality modality) const;

    // Whether it does so in a way that this player goes. Prompts that meet others before they are
    // a condition, are searched for parts or need noise, only the Python player encodes.
    bool plays(Modality modality) const;

    const std::string& name() const { return engine_->bundle().manifest.name; }

    // Rate in Hz and length in seconds of the sounds that it takes, if it does.
    const std::optional<AudioConditioner>& hearing() const;

    // The condition [...space] for a prompt of a modality that it plays; a text is as `readable`
    // gives it. Throws as Engine::run, and Error(bundle): the graphs gave something
    // else.
    Tensor condition(const Prompt& prompt, Cancel& cancel);

    // The part of a text that will be encoded; adds remarks about what of it counts to `notes`.
    std::string readable(const std::string& text, std::vector<std::string>& notes);

  private:
    const Chain* graphs(Modality modality) const {
        return graphs_for(engine_->bundle().manifest, modality);
    }
    std::vector<std::string> unknown_words(const std::string& text);

    std::shared_ptr<Engine> engine_;
    std::unique_ptr<Words> words_;  // read when first needed
};

// What the denoiser is told, with guidance and without, the same in every window.
struct Conditioning {
    Guide guided;
    Guide plain;
    std::vector<std::string> notes;  // remarks for the user
};

// The first conditioner that understands a modality, which decides what prompts of it are; null if
// none does.
Conditioner* asked(const std::vector<std::unique_ptr<Conditioner>>& conditioners,
                   Modality modality);

// The same. Throws Error(usage): none does, or it does not play it.
Conditioner& able(const std::vector<std::unique_ptr<Conditioner>>& conditioners, Modality modality);

// Encodes and mixes the prompts of a resolved request.
//
// The first conditioner that understands a modality encodes it. `empty` is the condition that
// stands for no prompt, null if there is none: it plays for an empty text, and guidance leads away
// from it unless the request has a negative prompt. `windows` is how many the sound has.
// Throws Error(usage): no conditioner plays a prompt, or guidance has no counterpart; else
// as Conditioner::condition.
Conditioning condition(const Request& request, const Space& space,
                       const std::vector<std::unique_ptr<Conditioner>>& conditioners,
                       const Tensor* empty, std::size_t windows, const Progress& progress,
                       Cancel& cancel);

}  // namespace hearsight
