// Seeds become noise: the same bits on every machine, whatever else is being made.
//
// The twin of Python's `hearsight.noise`; tests compare them bit for bit.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor.h"

namespace hearsight {

// Streams of one seed that know nothing of each other.
constexpr std::uint64_t LATENT_STREAM = 0;                       // the initial latent
constexpr std::uint64_t STEP_STREAM = 1;                         // what row i adds is stream 1 + i
constexpr std::uint64_t DECODE_STREAM = std::uint64_t{1} << 32;  // noise input of a decode graph

// Standard normal noise of `shape`, from frame `first` on.
//
// Values are drawn with `time_axis` slowest and the other axes in C order below it: noise for more
// frames begins with the noise for fewer. Word i is output i of Philox4x64-10 (Salmon et al. 2011)
// with key (seed, 0) and counter (0, 0, 0, stream), which is stepped before the first block. Words
// 2j and 2j+1 give values 2j and 2j+1: sqrt(-2 ln u) times cosine and sine of v whole turns, where
// u = ((word >> 11) + 1) / 2**53 and v = (next word >> 11) / 2**53, computed in float64 and rounded
// once.
Tensor normal(std::uint64_t seed, std::uint64_t stream, const Shape& shape,
              std::size_t time_axis = 0, std::int64_t first = 0);

}  // namespace hearsight
