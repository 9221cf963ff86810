// An array of float32 as graphs take and give them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hearsight {

using Shape = std::vector<std::int64_t>;

// How many values an array of this shape has; sizes are never negative.
inline std::size_t count(const Shape& shape) {
    std::size_t total = 1;
    for (const std::int64_t size : shape) {
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
