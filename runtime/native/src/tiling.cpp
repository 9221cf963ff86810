#include "tiling.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "error.h"

namespace hearsight {
namespace {

// Frames in which neighbours cross over: a quarter; windows of one frame cannot overlap.
std::int64_t crossing(std::int64_t longest) {
    return std::min(std::max<std::int64_t>(1, longest / 4), longest - 1);
}

// Rounded up; neither is negative.
std::int64_t divide_up(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

double as_double(std::int64_t value) {
    return static_cast<double>(value);
}

// To the nearest whole number, halves to the even one.
std::int64_t nearest(double value) {
    return static_cast<std::int64_t>(std::nearbyint(value));
}

double ramp(double place, double centre, double width) {
    return std::clamp((place - centre) / std::max(width, 1e-9) + 0.5, 0.0, 1.0);
}

// Frames that two neighbours share: the window `before` + 1, or the first of a circle, and the one
// before it.
std::int64_t overlap(const Tiling& tiling, std::size_t before) {
    const bool last = before + 1 == tiling.starts.size();
    const std::int64_t next = last ? tiling.frames + tiling.starts[0] : tiling.starts[before + 1];
    return tiling.size - (next - tiling.starts[before]);
}

// An array as loops see it: what lies above an axis, along it and below it.
struct Layout {
    std::size_t above;
    std::size_t along;
    std::size_t below;
};

Layout layout(const Shape& shape, std::size_t axis) {
    const auto place = shape.begin() + static_cast<std::ptrdiff_t>(axis);
    return {count({shape.begin(), place}), static_cast<std::size_t>(*place),
            count({place + 1, shape.end()})};
}

}  // namespace

Window Tiling::window(std::size_t index, std::int64_t scale) const {
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    if (index > 0 || round) {
        before = overlap(*this, (index == 0 ? starts.size() : index) - 1);
    }
    if (index + 1 < starts.size() || round) {
        after = overlap(*this, index);
    }
    const std::int64_t values = size * scale;
    const double width = as_double(fade * scale);
    Window window;
    window.frames.reserve(static_cast<std::size_t>(values));
    window.share.reserve(static_cast<std::size_t>(values));
    for (std::int64_t i = 0; i < values; ++i) {
        const double place = as_double(i) + 0.5;
        double share = 1.0;
        if (before) {
            share *= ramp(place, as_double(*before * scale) / 2, width);
        }
        if (after) {
            const double centre = (as_double(size) - as_double(*after) / 2) * as_double(scale);
            share *= 1.0 - ramp(place, centre, width);
        }
        window.frames.push_back((starts[index] * scale + i) % (frames * scale));
        window.share.push_back(static_cast<float>(share));
    }
    return window;
}

Tensor Tiling::blend(const std::function<Tensor(std::size_t)>& part, std::size_t axis,
                     std::int64_t scale) const {
    if (whole()) {
        return part(0);
    }
    Tensor total;
    for (std::size_t index = 0; index < starts.size(); ++index) {
        const Window place = window(index, scale);
        const Tensor moved = part(index);
        Shape expected = index == 0 ? moved.shape : total.shape;
        if (axis < expected.size()) {
            expected[axis] = size * scale;
        }
        if (axis >= expected.size() || moved.shape != expected) {
            throw Error(Status::bundle,
                        "A graph gave a result of another size than its manifest promises for "
                        "this part of the sound; export the bundle again.");
        }
        if (index == 0) {
            expected[axis] = frames * scale;
            total = zeros(expected);
        }
        const auto [above, along, below] = layout(moved.shape, axis);
        const std::size_t all = static_cast<std::size_t>(frames * scale);
        for (std::size_t outer = 0; outer < above; ++outer) {
            for (std::size_t i = 0; i < along; ++i) {
                const float* from = moved.data.data() + (outer * along + i) * below;
                const auto frame = static_cast<std::size_t>(place.frames[i]);
                const float share = place.share[i];
                float* to = total.data.data() + (outer * all + frame) * below;
                for (std::size_t k = 0; k < below; ++k) {
                    to[k] += share * from[k];
                }
            }
        }
    }
    return total;
}

Tiling line(std::int64_t frames, std::int64_t longest) {
    if (frames <= longest) {
        return {frames, frames, {0}, 1, false};
    }
    const std::int64_t fade = crossing(longest);
    const std::int64_t count = divide_up(frames - fade, longest - fade);
    const double step = as_double(frames - longest) / as_double(count - 1);
    std::vector<std::int64_t> starts;
    for (std::int64_t i = 0; i + 1 < count; ++i) {
        starts.push_back(nearest(as_double(i) * step));
    }
    starts.push_back(frames - longest);
    return {frames, longest, starts, fade, false};
}

Tiling circle(std::int64_t frames, std::int64_t longest, std::int64_t multiple) {
    const std::int64_t fade = crossing(longest);
    if (frames + fade <= longest) {
        const std::int64_t size = divide_up(frames + fade, multiple) * multiple;
        return {frames, size, {0}, std::min({fade, size - frames, frames}), true};
    }
    const std::int64_t count = std::max<std::int64_t>(2, divide_up(frames, longest - fade));
    std::vector<std::int64_t> starts;
    for (std::int64_t i = 0; i < count; ++i) {
        starts.push_back(nearest(as_double(i * frames) / as_double(count)));
    }
    return {frames, longest, starts, fade, true};
}

std::vector<std::pair<std::size_t, std::size_t>> runs(const Frames& frames) {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    std::size_t first = 0;
    for (std::size_t i = 1; i <= frames.size(); ++i) {
        if (i == frames.size() || frames[i] - frames[i - 1] != 1) {
            found.emplace_back(first, i);
            first = i;
        }
    }
    return found;
}

Tensor take(const Tensor& whole, const Frames& frames, std::size_t axis) {
    const auto [above, along, below] = layout(whole.shape, axis);
    Shape shape = whole.shape;
    shape[axis] = static_cast<std::int64_t>(frames.size());
    Tensor part = zeros(shape);
    float* to = part.data.data();
    for (std::size_t outer = 0; outer < above; ++outer) {
        for (const std::int64_t frame : frames) {
            const auto place = outer * along + static_cast<std::size_t>(frame);
            to = std::copy_n(whole.data.data() + place * below, below, to);
        }
    }
    return part;
}

}  // namespace hearsight
