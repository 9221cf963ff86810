// Suggestions for words that are not known.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearsight {

// A sentence's tail: ` (did you mean "x"?)`, or nothing when no known word is close.
std::string nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace hearsight
