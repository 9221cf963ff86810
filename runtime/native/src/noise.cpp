#include "noise.h"

#include <array>
#include <cmath>
#include <utility>

#include "exact.h"

namespace hearsight {
namespace {

using Block = std::array<std::uint64_t, 4>;

struct Wide {
    std::uint64_t high;
    std::uint64_t low;
};

// All 128 bits of a product, which C++ has no type for.
Wide multiply(std::uint64_t a, std::uint64_t b) {
    constexpr std::uint64_t LOW = 0xFFFFFFFF;
    const std::uint64_t low = (a & LOW) * (b & LOW);
    const std::uint64_t cross = (a >> 32) * (b & LOW) + (low >> 32);
    const std::uint64_t other = (a & LOW) * (b >> 32) + (cross & LOW);
    return {(a >> 32) * (b >> 32) + (cross >> 32) + (other >> 32), (other << 32) | (low & LOW)};
}

// Philox4x64-10, key (seed, 0).
Block philox(std::uint64_t seed, Block counter) {
    std::uint64_t key = seed;
    std::uint64_t other_key = 0;
    for (int round = 0; round < 10; ++round) {
        const Wide a = multiply(0xD2E7470EE14C6C93, counter[0]);
        const Wide b = multiply(0xCA5A826395121157, counter[2]);
        counter = {b.high ^ counter[1] ^ key, b.low, a.high ^ counter[3] ^ other_key, a.low};
        key += 0x9E3779B97F4A7C15;
        other_key += 0xBB67AE8584CAA73B;
    }
    return counter;
}

// Normal values of one stream in the order they are drawn, from number `first` on.
class Source {
  public:
    Source(std::uint64_t seed, std::uint64_t stream, std::uint64_t first)
        : seed_(seed), stream_(stream), block_(first / 4), place_(first % 4) {
        fill();
    }

    float next() {
        if (place_ == values_.size()) {
            fill();
            place_ = 0;
        }
        return values_[place_++];
    }

  private:
    void fill() {
        const Block words = philox(seed_, {++block_, 0, 0, stream_});
        for (std::size_t i = 0; i < words.size(); i += 2) {
            const double u = (static_cast<double>(words[i] >> 11) + 1.0) * 0x1p-53;
            const double v = static_cast<double>(words[i + 1] >> 11) * 0x1p-53;
            const double radius = std::sqrt(-2.0 * exact::log(u));
            const auto [cosine, sine] = exact::turn(v);
            values_[i] = static_cast<float>(radius * cosine);
            values_[i + 1] = static_cast<float>(radius * sine);
        }
    }

    std::uint64_t seed_;
    std::uint64_t stream_;
    std::uint64_t block_;
    std::size_t place_;
    std::array<float, 4> values_{};
};

}  // namespace

Tensor normal(std::uint64_t seed, std::uint64_t stream, const Shape& shape, std::size_t time_axis,
              std::int64_t first) {
    const auto axis = shape.begin() + static_cast<std::ptrdiff_t>(time_axis);
    const std::size_t outer = count({shape.begin(), axis});
    const std::size_t inner = count({axis + 1, shape.end()});
    const std::size_t frames = static_cast<std::size_t>(*axis);
    Tensor noise = zeros(shape);
    Source source(seed, stream, static_cast<std::uint64_t>(first) * outer * inner);
    for (std::size_t frame = 0; frame < frames; ++frame) {
        for (std::size_t above = 0; above < outer; ++above) {
            float* below = noise.data.data() + (above * frames + frame) * inner;
            for (std::size_t i = 0; i < inner; ++i) {
                below[i] = source.next();
            }
        }
    }
    return noise;
}

}  // namespace hearsight
