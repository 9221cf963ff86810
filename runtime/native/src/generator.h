// The whole chain: a request goes in, prompts are encoded, noise is denoised, takes come out.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bundle.h"
#include "cancel.h"
#include "conditioner.h"
#include "editing.h"
#include "engine.h"
#include "heap.h"
#include "request.h"
#include "sampler.h"

namespace hearsight {

// One sound, as the decode graph gave it at the bundle's own rate: cut to
// round(seconds * sample_rate) samples of each channel, or all of a loop's circle, and neither
// levelled nor faded.
struct Take {
    std::vector<float> audio;  // channels in turn
    std::uint32_t channels = 1;
    std::uint32_t sample_rate = 0;  // Hz
    std::uint32_t variation = 0;
    std::uint64_t seed = 0;          // of the request
    std::uint64_t item_seed = 0;     // of this take's noise
    std::vector<std::string> notes;  // sentences worth telling the user
};

// Given each take as soon as it is ready.
using Ready = std::function<void(Take&&)>;

// A loaded bundle that turns requests into takes. Make from one thread at a time; a Cancel may come
// from any. After an error or a cancelled request it is as good as new.
class Generator {
  public:
    // Reads nothing and opens no graph: they are opened when they are first run. `conditioners`
    // are bundles of the same space that understand prompts, asked before the generator's own.
    // Throws Error(bundle): the bundle makes no sound, or a conditioner is of another space.
    // Error(device): the device cannot be had.
    Generator(std::shared_ptr<const Bundle> bundle,
              const std::vector<std::shared_ptr<const Bundle>>& conditioners,
              const EngineSettings& settings);

    const Bundle& bundle() const { return *bundle_; }

    // Whether prompts of this modality are understood, and can be played; of `condition` all are.
    bool understands(Modality modality) const;

    // Rate in Hz that audio prompts must have; 0 if none are understood.
    std::uint32_t audio_rate() const;

    // What runs the graphs, in ONNX Runtime's words, and why: a sentence.
    std::string provider() const;
    std::string why() const;

    // What `make` will refuse, told at once and without running anything; gives the request with
    // nothing left open, from which `make` makes the same sounds. It only reads what never changes,
    // so any thread may ask, also while another one makes. Throws as `resolve`, and
    // Error(usage): a prompt is of a modality that nothing plays, a condition or sound of
    // the wrong size or rate, or a table of rows that cannot be made.
    Request resolved(Request request) const;

    // Every variation of a request.
    //
    // `progress` is told of the stages `load`, `encode`, `denoise` and `decode`; the last two count
    // over all variations. Throws as `resolved`; Error(cancelled) within one run of a graph;
    // Error(device): memory does not suffice; Error(internal): the model gave values that are
    // not numbers.
    void make(const Request& request, const Progress& progress, Cancel& cancel,
              const Ready& ready) const;

  private:
    struct Score;

    Take take(const Score& score, std::uint32_t variation, const Progress& progress,
              Cancel& cancel) const;
    Tensor denoise(const Score& score, std::uint64_t seed, const Progress& progress,
                   Cancel& cancel) const;

    HeapTrim trim_;  // first, so that the graphs are gone when it acts
    std::shared_ptr<const Bundle> bundle_;
    std::shared_ptr<Engine> engine_;
    std::vector<std::unique_ptr<Conditioner>> conditioners_;
    std::optional<Tensor> empty_;
};

}  // namespace hearsight
