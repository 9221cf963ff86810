#include "sampler.h"

#include <tuple>

#include "error.h"

namespace hearsight {
namespace {

Tensor as_input(const Row& row) {
    const double values[] = {row.t,   row.alpha,  row.sigma,  row.k_x,
                             row.k_d, row.k_prev, row.k_noise};
    Tensor input{{7}, {}};
    for (const double value : values) {
        input.data.push_back(static_cast<float>(value));
    }
    return input;
}

void check(const Tensor& given, const Shape& due) {
    if (given.shape != due) {
        throw Error(Status::bundle,
                    "The denoise graph gave a latent of another shape than it was given; export "
                    "the bundle again.");
    }
}

}  // namespace

Tensor sample(const Step& step, Tensor x, const Part& part, const Progress& progress,
              const Cancel& cancel) {
    const Tiling& tiling = part.tiling;
    const std::size_t axis = part.time_axis;
    const std::size_t windows = tiling.starts.size();
    std::vector<Frames> frames;
    for (std::size_t i = 0; i < windows; ++i) {
        frames.push_back(tiling.window(i).frames);
    }
    const Tensor nothing = zeros(x.shape);
    Tensor d = nothing;
    const auto total = static_cast<std::int64_t>(part.rows.size() * windows);
    std::int64_t done = 0;
    progress("denoise", done, total);
    for (std::size_t index = 0; index < part.rows.size(); ++index) {
        const Row& row = part.rows[index];
        const Guide& guide = *part.guides.at(index);
        const Tensor told = as_input(row);
        const Tensor added = row.k_noise != 0 ? part.noises(index) : Tensor{};
        const Tensor& noise = row.k_noise != 0 ? added : nothing;
        std::vector<Tensor> next(windows);
        std::vector<Tensor> clean(windows);
        for (std::size_t i = 0; i < windows; ++i) {
            cancel.raise_if();
            const Tensor& cond = guide.cond.at(i);
            if (tiling.whole()) {
                std::tie(next[i], clean[i]) = step({x, d, noise, cond, guide.weights, told});
                check(next[i], x.shape);
                check(clean[i], x.shape);
            } else {
                const Tensor x_here = take(x, frames[i], axis);
                const Tensor d_here = take(d, frames[i], axis);
                const Tensor noise_here = take(noise, frames[i], axis);
                std::tie(next[i], clean[i]) =
                    step({x_here, d_here, noise_here, cond, guide.weights, told});
                check(next[i], x_here.shape);
                check(clean[i], x_here.shape);
            }
            progress("denoise", ++done, total);
        }
        x = tiling.blend([&](std::size_t i) { return std::move(next[i]); }, axis);
        d = tiling.blend([&](std::size_t i) { return std::move(clean[i]); }, axis);
    }
    return x;
}

}  // namespace hearsight
