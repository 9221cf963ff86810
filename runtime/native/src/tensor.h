// An array of float32 as graphs take and give them.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace hearsight {

using Shape = std::vector<std::int64_t>;

// How many values an array of this shape has; sizes are never negative. Shapes come from bundles,
// so a number that would not fit must not pass for a small one.
// Throws std::bad_alloc: more than any memory holds.
inline std::size_t count(const Shape& shape) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 16;
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) {
        return 0;
    }
    std::size_t total = 1;
    for (const std::int64_t size : shape) {
        if (static_cast<std::uint64_t>(size) > most / total) {
            throw std::bad_alloc();
        }
        total *= static_cast<std::size_t>(size);
    }
    return total;
}

// Values in C order: the last axis is the fastest. `data` has as many as `shape` says.
struct Tensor {
    Shape shape;
    std::vector<float> data;
};

inline Tensor zeros(Shape shape) {
    const std::size_t values = count(shape);
    return {std::move(shape), std::vector<float>(values)};
}

}  // namespace hearsight
