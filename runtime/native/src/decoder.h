// Between sound and latent: how many frames a length takes, encoding, decoding, in windows.

#pragma once

#include <cstdint>
#include <vector>

#include "cancel.h"
#include "engine.h"
#include "manifest.h"
#include "tensor.h"
#include "tiling.h"

namespace hearsight {

// The windows over the latent of a sound, none longer than the generator makes well.
//
// The frames are as many as are needed for round(seconds * sample_rate) samples, rounded up to the
// generator's `multiple`. A loop has the nearest number of frames: it has no end that could be cut
// off.
Tiling tile(const Manifest& manifest, double seconds, bool loop);

// Shape of a latent [1, ...latent] of so many frames, and which of its axes is time.
Shape latent_shape(const Manifest& manifest, std::int64_t frames);
std::size_t time_axis(const Manifest& manifest);

// The latent [1, ...latent] of a sound at the generator's rate. A shorter one is followed by
// silence; of a longer one the beginning counts.
// Throws as Engine::run, and Error(bundle): the graph gave another number of frames than the
// manifest promises.
Tensor encode(Engine& engine, const std::vector<float>& samples, const Tiling& tiles,
              Cancel& cancel);

// Audio of all frames of a latent [1, ...latent], channels in turn. `seed` is that of its noise.
// A vocoder whose `reach` is known runs piece by piece. `progress` is told of the stage `decode`,
// after each window and each piece of it.
// Throws as Engine::run, and Error(bundle): the graphs gave less audio than the manifest promises.
std::vector<float> decode(Engine& engine, const Tensor& latent, const Tiling& tiles,
                          std::uint64_t seed, const Progress& progress, Cancel& cancel);

}  // namespace hearsight
