// NVIDIA's driver, asked itself which card it drives first.

#pragma once

#include <string>

namespace hearsight {

// The card that CUDA counts first, on which providers run graphs unless they are told another.
struct Card {
    std::string name;
    int major = 0;  // of its compute capability
    int minor = 0;
    std::string driver;  // its version, or the newest CUDA it supports where only that is told

    std::string capability() const { return std::to_string(major) + "." + std::to_string(minor); }
};

// Throws Error(device): there is no driver, it does not start, or it finds no card. The message is
// half a sentence without a full stop: the cause and the cure.
Card ask_driver();

}  // namespace hearsight
