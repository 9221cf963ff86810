// A sound that is given: one channel of samples at a rate.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearsight {

// Full scale is 1; the rate is in Hz.
struct Sound {
    std::vector<float> samples;
    std::uint32_t sample_rate = 0;
};

// How many samples of it lie in its first `seconds`: all of a shorter one, and always one.
std::size_t heard(const Sound& sound, double seconds);

// Refuses what cannot be listened to; only the first `seconds` count. `name` is what messages
// call it.
// Throws Error(usage): no samples, or not `sample_rate` of them a second; Error(file): what is
// heard is silent, or holds values that are not numbers.
void check_sound(const Sound& sound, std::int64_t sample_rate, double seconds,
                 const std::string& name);

}  // namespace hearsight
