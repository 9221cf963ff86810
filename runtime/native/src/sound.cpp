#include "sound.h"

#include <algorithm>
#include <cmath>

#include "error.h"

namespace hearsight {
namespace {

constexpr float silence = 3.1622776e-05F;  // -90 dBFS: a 16-bit file's smallest step

}  // namespace

std::size_t heard(const Sound& sound, double seconds) {
    const double end = std::nearbyint(seconds * sound.sample_rate);
    const auto most = static_cast<double>(sound.samples.size());
    return static_cast<std::size_t>(std::min(std::max(end, 1.0), most));
}

void check_sound(const Sound& sound, std::int64_t sample_rate, double seconds,
                 const std::string& name) {
    if (sound.samples.empty()) {
        throw Error(Status::usage, name + " has no samples.");
    }
    if (sound.sample_rate != sample_rate) {
        throw Error(Status::usage, name + " has " + std::to_string(sound.sample_rate) +
                                       " samples a second; bring it to " +
                                       std::to_string(sample_rate) + ".");
    }
    float peak = 0;
    const std::size_t end = heard(sound, seconds);
    for (std::size_t index = 0; index < end; ++index) {
        if (!std::isfinite(sound.samples[index])) {
            throw Error(Status::file,
                        name + " holds values that are not numbers (NaN or infinity).");
        }
        peak = std::max(peak, std::abs(sound.samples[index]));
    }
    if (peak < silence) {
        throw Error(Status::file, name + " is silent: there is nothing to listen to.");
    }
}

}  // namespace hearsight
