#include "editing.h"

#include <algorithm>
#include <cmath>

#include "decoder.h"

namespace hearsight {
namespace {

constexpr double constant = 1e-6;  // what rounding leaves of a sound that is nothing but an offset

// Takes the offset out, summed in the samples' order, and gives the peak of what is left.
double centre(std::vector<float>& samples) {
    double sum = 0;
    for (const float sample : samples) {
        sum += static_cast<double>(sample);
    }
    const auto offset = static_cast<float>(sum / static_cast<double>(samples.size()));
    float peak = 0;
    for (float& sample : samples) {
        sample -= offset;
        peak = std::max(peak, std::abs(sample));
    }
    return static_cast<double>(peak);
}

}  // namespace

Tensor Edit::start(const Tensor& noise, const Row& row) const {
    if (strength >= 1) {
        return noise;
    }
    Tensor made = noise;
    for (std::size_t index = 0; index < made.data.size(); ++index) {
        made.data[index] = static_cast<float>(row.alpha * static_cast<double>(latent.data[index]) +
                                              row.sigma * static_cast<double>(noise.data[index]));
    }
    return made;
}

Edit begin(const Init& init, Engine& engine, const Tiling& tiles, Cancel& cancel) {
    std::vector<float> samples = init.sound.samples;
    double gain = 1.0;
    if (const auto& wanted = engine.bundle().manifest.audio->peak) {
        const double peak = centre(samples);
        gain = peak > constant ? *wanted / peak : 1.0;
    }
    for (float& sample : samples) {
        sample *= static_cast<float>(gain);
    }
    return {encode(engine, samples, tiles, cancel), gain, *init.strength};
}

}  // namespace hearsight
