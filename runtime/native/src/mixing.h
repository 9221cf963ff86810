// Several prompts become one instruction to the denoiser: conditions and what each counts.

#pragma once

#include <vector>

#include "tensor.h"

namespace hearsight {

// Conditions [G, ...space] and what each branch counts [G], which sums to 1.
struct Branches {
    Tensor cond;
    Tensor weights;
};

// One condition in the direction of several, which are some and of one shape, weighted; the weights
// sum to more than 0.
//
// Vectors [D] are normalised, averaged, and brought to the weighted mean of their lengths, so that
// a long vector does not drown the others. Sequences [L, D] are averaged as they are. A single
// condition comes back untouched, and so do zeros, which say nothing.
//
// Throws Error (usage): the weighted vectors cancel out.
Tensor average(const std::vector<Tensor>& conditions, const std::vector<double>& weights);

// Conditions and weights of a guided prediction: `against` first, if it is given, then the prompts.
//
// The noise prediction is (1 - s) * eps(against) + s * sum of p_i * eps(prompt i), with s the
// guidance and p_i the weights normalised (Ho and Salimans 2022, eq. 6; Liu et al. 2022, eq. 11
// with a common empty branch). Branches that count nothing are left out, they would cost a model
// call each: at guidance 1 `against` is not needed.
//
// Throws Error (usage): there is nothing to guide away from, and guidance is not 1.
Branches branches(const std::vector<Tensor>& conditions, const std::vector<double>& weights,
                  const Tensor* against, double guidance);

}  // namespace hearsight
