// Shapes of the manifest: their axes, which may be symbols.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graphs.h"

namespace hearsight {

// In a tensor whose free axes are 1, so that no bundle asks for more than a gibibyte at once.
constexpr std::int64_t most_numbers = std::int64_t{1} << 28;

// The k of `<k>T`, of at most 9 digits; 0 for whatever is not of that form.
std::int64_t times_t(const std::string& symbol);

// Whether an axis is a number above 0 or a symbol of the format.
bool is_known_axis(const Dim& dim);

bool is_number(const Dim& dim);

// The size of an axis whose symbol is 1.
std::int64_t least(const Dim& dim);

// How many numbers a tensor holds whose axes are known and their symbols 1; as many as can be
// counted where there are more.
std::int64_t held(const Dims& shape);

// The shape of a tensor without its first axes.
Dims tail(const TensorSpec& spec, std::size_t axes);

// A shape as messages show it: [1, 'H', 'W', 3].
std::string text_of(const Dims& shape);
std::string text_of(const std::vector<std::int64_t>& shape);

}  // namespace hearsight
