// The loop from noise to latent: rows in, latent out, with progress and a way to stop.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "cancel.h"
#include "schedule.h"
#include "tensor.h"
#include "tiling.h"

namespace hearsight {

// Called with a stage, the steps done in it and the steps it has.
using Progress = std::function<void(const char* stage, std::int64_t done, std::int64_t total)>;

// What the denoise graph runs on; the names are those of its inputs.
struct StepInputs {
    const Tensor& x;
    const Tensor& d_prev;
    const Tensor& noise;
    const Tensor& cond;
    const Tensor& weights;
    const Tensor& row;
};

// The denoise graph: its inputs, good for the length of the call, to `x_next` and `d`.
using Step = std::function<std::pair<Tensor, Tensor>(const StepInputs&)>;

// Row number to the noise [B, ...latent] that the row adds.
using Noises = std::function<Tensor(std::size_t row)>;

// What the denoise graph is told in a row: for each window one condition per branch and variation
// [G*B, ...space], and what each branch counts [G].
struct Guide {
    std::vector<Tensor> cond;
    Tensor weights;
};

// What to play: `guides` has one for each row, `tiling` is over the frames of axis `time_axis` of
// the latent. `noises` is asked only for rows that add noise.
struct Part {
    const std::vector<Row>& rows;
    const std::vector<const Guide*>& guides;
    const Tiling& tiling;
    std::size_t time_axis;
    const Noises& noises;
};

// Run every row on the initial noise `x` [B, ...latent], window by window.
//
// `progress` is told ("denoise", runs done, runs) before the first row and after each run of the
// graph, of which there are rows times windows; `cancel` is looked at before each.
//
// Throws Error (cancelled): before the run that would have been next; Error (bundle): the graph
// gave a latent of another shape.
Tensor sample(const Step& step, Tensor x, const Part& part, const Progress& progress,
              const Cancel& cancel);

}  // namespace hearsight
