// Numbers in messages.

#pragma once

#include <charconv>
#include <string>

namespace hearsight {

// Six digits, no more than needed, with a point whatever the host's locale.
inline std::string spelled(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6);
    return {text, end.ptr};
}

}  // namespace hearsight
