// Windows over time, straight or round: what a model makes in one piece, laid over one another.
//
// A sound longer than its model makes well, or one whose end runs on into its start, is played in
// windows that overlap. Every step of the sampler blends their results (Bar-Tal et al. 2023,
// MultiDiffusion, eq. 5), and so does the decoder.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "tensor.h"

namespace hearsight {

using Frames = std::vector<std::int64_t>;

// Which frames of the whole it covers, in order, and what each counts there, 0 to 1.
struct Window {
    Frames frames;
    std::vector<float> share;
};

// Windows of `size` frames over `frames` frames; the shares of a frame sum to 1.
//
// Two neighbours cross over in `fade` frames in the middle of their overlap. On a circle (`round`)
// the last window goes on at frame 0, and the last and the first one are neighbours.
struct Tiling {
    std::int64_t frames;
    std::int64_t size;
    std::vector<std::int64_t> starts;
    std::int64_t fade;
    bool round;

    // Whether one window is all there is, so that nothing needs blending.
    bool whole() const { return starts.size() == 1 && !round; }

    // One of the windows, at `scale` values a frame.
    Window window(std::size_t index, std::int64_t scale = 1) const;

    // The whole from the windows' results, `scale` values a frame along `axis`. `part` is asked for
    // each window once, in order, and only after the one before it has been added.
    //
    // Throws Error (bundle): a part is not as long as its window, or not shaped like the others.
    Tensor blend(const std::function<Tensor(std::size_t)>& part, std::size_t axis,
                 std::int64_t scale = 1) const;
};

// Windows of at most `longest` frames over `frames` frames, evenly spaced. They overlap by a
// quarter or more, and are as few as that allows.
Tiling line(std::int64_t frames, std::int64_t longest);

// Windows over a circle of `frames` frames, each a multiple of `multiple` long. A short circle is
// one window that overlaps itself, so that the model hears its start after its end.
Tiling circle(std::int64_t frames, std::int64_t longest, std::int64_t multiple);

// First and end of every stretch of `frames`, which are some, that counts up by one.
std::vector<std::pair<std::size_t, std::size_t>> runs(const Frames& frames);

// The entries of `whole` at `frames` along `axis`.
Tensor take(const Tensor& whole, const Frames& frames, std::size_t axis);

}  // namespace hearsight
