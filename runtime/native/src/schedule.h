// A noise schedule and a solver become a table with one row per step.
//
// Every solver here is `x_next = k_x*x + k_d*d + k_prev*d_prev + k_noise*noise`, where `d` is the
// clean latent that the model sees in `x = alpha*clean + sigma*noise`. The denoise graph does this
// sum, so a solver is nothing but the numbers in its rows.

#pragma once

#include <cstdint>
#include <vector>

#include "manifest.h"

namespace hearsight {

// `t` is what the model was trained to be told: a training step, or sigma times `train_steps` for
// flow models. `alpha` and `sigma` are the roots: alpha**2 + sigma**2 == 1, for flow
// alpha + sigma == 1.
struct Row {
    double t;
    double alpha;
    double sigma;
    double k_x;
    double k_d;
    double k_prev;
    double k_noise;
};

// Throws Error (usage): a solver that cannot play this schedule, or a number of steps that it
// cannot make, with the nearest numbers that it can.
void check_steps(const Schedule& schedule, Solver solver, std::int64_t steps);

// The table, first step first.
//
// It has `steps` rows, except with `upstream` spacing: latent-diffusion samplers stride by the
// whole number train_steps / steps and so take a few steps more when that does not divide evenly
// (150 gives 167 of 1000). `eta` belongs to `ddim` alone: 0 is deterministic, 1 is ancestral
// sampling (Song et al. 2021, eq. 16). `strength`, above 0 to 1, leaves out the noisiest rows when
// it is below 1, but not the last: a sound with the noise of the first row left is changed by that
// much (Meng et al. 2022, SDEdit, sec. 3).
//
// Throws as `check_steps`.
std::vector<Row> rows(const Schedule& schedule, Solver solver, std::int64_t steps, double eta = 0.0,
                      double strength = 1.0);

}  // namespace hearsight
