// A broken rule of the bundle format, on its way to the error that names the file.

#pragma once

#include <string>
#include <utility>

namespace hearsight {

struct Breach {
    std::string sentence;  // without its end; begins with the key, and may hold any characters
};

[[noreturn]] inline void breach(std::string sentence) {
    throw Breach{std::move(sentence)};
}

}  // namespace hearsight
