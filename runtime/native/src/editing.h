// A sound to begin with: its latent, and how noisy the start is.

#pragma once

#include "cancel.h"
#include "engine.h"
#include "request.h"
#include "schedule.h"
#include "tensor.h"
#include "tiling.h"

namespace hearsight {

// A sound that a request begins with: its latent [1, ...latent], by what it was scaled before it
// was encoded, and the share of the denoising that it goes through.
struct Edit {
    Tensor latent;
    double gain = 1.0;
    double strength = 1.0;

    // The latent at the noise level of a row (SDEdit, Meng et al. 2022, eq. 7); at strength 1
    // nothing but the noise.
    Tensor start(const Tensor& noise, const Row& row) const;
};

// Encodes the sound of a resolved request. Throws as `encode`.
Edit begin(const Init& init, Engine& engine, const Tiling& tiles, Cancel& cancel);

}  // namespace hearsight
