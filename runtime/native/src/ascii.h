// Characters as file formats mean them, whatever the host's locale.

#pragma once

#include <string>

namespace hearsight {

inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

inline bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

inline bool is_letter(char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

inline bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// With A to Z in lower case.
inline std::string lower(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

}  // namespace hearsight
