#include "schedule.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>

#include "error.h"
#include "exact.h"

namespace hearsight {
namespace {

using Table = std::vector<Row>;
using Values = std::vector<double>;
using Steps = std::vector<std::int64_t>;

double as_double(std::int64_t value) {
    return static_cast<double>(value);
}

const char* spelled(Spacing spacing) {
    switch (spacing) {
    case Spacing::leading:
        return "leading";
    case Spacing::trailing:
        return "trailing";
    default:
        return "upstream";
    }
}

double squared(double value) {
    return value * value;
}

// Noise that a training step adds, `ramp` from the first, 0, to the last, 1.
double evenly(const Betas& betas, double ramp) {
    if (betas.kind == BetaKind::linear) {
        return betas.start + (betas.end - betas.start) * ramp;
    }
    const double start = std::sqrt(betas.start);
    const double end = std::sqrt(betas.end);
    return squared(start + (end - start) * ramp);
}

// Share of the signal's deviation left at a time from 0 to 1 (Nichol and Dhariwal 2021, eq. 17).
double cosine_left(std::int64_t step, std::int64_t train_steps) {
    const double time = as_double(step) / as_double(train_steps);
    return squared(exact::turn((time + 0.008) / 1.008 / 4).cosine);
}

// Share of the signal's variance left after each training step.
Values cumulative_alphas(const Betas& betas, std::int64_t train_steps) {
    Values left;
    double product = 1.0;
    const double last = as_double(std::max<std::int64_t>(train_steps - 1, 1));
    for (std::int64_t step = 0; step < train_steps; ++step) {
        double noise = 0;
        if (betas.kind == BetaKind::cosine) {
            const double before = cosine_left(step, train_steps);
            noise = std::min(1 - cosine_left(step + 1, train_steps) / before, 0.999);
        } else if (betas.kind == BetaKind::given) {
            noise = betas.values[static_cast<std::size_t>(step)];
        } else {
            noise = evenly(betas, as_double(step) / last);
        }
        product *= 1 - noise;
        left.push_back(product);
    }
    return left;
}

// Training steps to visit, noisiest first; some may lie outside of training.
//
// diffusers adds a step before training began for some counts of trailing steps (61, 103, 998 of
// 1000), where its float steps miss the end; there is none here.
Steps timesteps(const Schedule& schedule, Solver solver, std::int64_t steps) {
    const std::int64_t total = schedule.train_steps;
    Steps times;
    if (schedule.spacing == Spacing::upstream) {
        for (std::int64_t time = 0; time < total; time += total / steps) {
            times.push_back(time + 1);
        }
        std::reverse(times.begin(), times.end());
        return times;
    }
    for (std::int64_t i = 0; i < steps; ++i) {
        if (schedule.spacing == Spacing::trailing) {
            const double time =
                as_double(total) - as_double(i) * (as_double(total) / as_double(steps));
            times.push_back(static_cast<std::int64_t>(std::nearbyint(time)) - 1);
        } else if (solver == Solver::ddim) {
            times.push_back((steps - 1 - i) * (total / steps) + 1);
        } else {
            // diffusers divides by one more here, so that the noisiest step is not the lowest of
            // its part
            times.push_back((steps - i) * (total / (steps + 1)) + 1);
        }
    }
    return times;
}

bool possible(const Schedule& schedule, Solver solver, std::int64_t steps) {
    if (steps < 1 || steps > schedule.train_steps) {
        return false;
    }
    if (solver == Solver::euler) {
        return true;
    }
    const Steps times = timesteps(schedule, solver, steps);
    const auto stuck = std::adjacent_find(times.begin(), times.end(), std::less_equal<>());
    return times[0] < schedule.train_steps && stuck == times.end();
}

void refuse_impossible(const Schedule& schedule, Solver solver, std::int64_t steps) {
    if (possible(schedule, solver, steps)) {
        return;
    }
    const std::int64_t total = schedule.train_steps;
    std::string nearest;
    std::int64_t below = std::min(steps, total + 1) - 1;
    while (below > 0 && !possible(schedule, solver, below)) {
        --below;
    }
    if (below > 0) {
        nearest = std::to_string(below);
    }
    std::int64_t above = std::max<std::int64_t>(steps, 0);
    while (above < total && !possible(schedule, solver, above + 1)) {
        ++above;
    }
    if (above < total) {
        nearest += (nearest.empty() ? "" : " or ") + std::to_string(above + 1);
    }
    throw Error(Status::usage, std::to_string(steps) + " steps cannot be made with " +
                                   name_of(solver) + " and " + spelled(schedule.spacing) +
                                   " spacing out of " + std::to_string(total) +
                                   " training steps; the nearest that can: " + nearest + ".");
}

double final_alpha(const Schedule& schedule, const Values& left) {
    return schedule.final_alpha == FinalAlpha::one ? 1.0 : left[0];
}

// Song et al. 2021, eq. 12, with the noise prediction written as (x - alpha*d) / sigma.
Table ddim(const Schedule& schedule, std::int64_t steps, double eta) {
    const Values left = cumulative_alphas(schedule.betas, schedule.train_steps);
    const Steps times = timesteps(schedule, Solver::ddim, steps);
    Table table;
    for (std::size_t i = 0; i < times.size(); ++i) {
        // diffusers goes back by the whole stride, even where rounding moved the next step
        std::int64_t before = times[i] - schedule.train_steps / steps;
        if (schedule.spacing == Spacing::upstream) {
            before = i + 1 < times.size() ? times[i + 1] : -1;
        }
        const double now = left[static_cast<std::size_t>(times[i])];
        const double then =
            before >= 0 ? left[static_cast<std::size_t>(before)] : final_alpha(schedule, left);
        const double alpha = std::sqrt(now);
        const double sigma = std::sqrt(1 - now);
        const double spread = eta * std::sqrt((1 - then) / (1 - now) * (1 - now / then));
        const double clean = 1 - then - squared(spread);
        const double towards = std::sqrt(clean < 0 ? 0.0 : clean) / sigma;
        const double keep = std::sqrt(then) - towards * alpha;
        table.push_back({as_double(times[i]), alpha, sigma, towards, keep, 0.0, spread});
    }
    return table;
}

// DPM-Solver++(2M) with the midpoint rule, Lu et al. 2022, algorithm 2.
//
// The first step has nothing to look back to; the last is of first order too when it goes to clean
// data (where the second-order term is undefined) or when there are fewer than 15 steps.
Table dpm(const Schedule& schedule, std::int64_t steps) {
    const Values left = cumulative_alphas(schedule.betas, schedule.train_steps);
    const Steps times = timesteps(schedule, Solver::dpmpp_2m, steps);
    const std::size_t count = times.size();
    Values levels;
    for (const std::int64_t time : times) {
        levels.push_back(left[static_cast<std::size_t>(time)]);
    }
    levels.push_back(final_alpha(schedule, left));
    Values alpha;
    Values sigma;
    Values log_snr;
    for (const double level : levels) {
        alpha.push_back(std::sqrt(level));
        sigma.push_back(std::sqrt(1 - level));
        log_snr.push_back(exact::log(alpha.back()) - exact::log(sigma.back()));
    }
    const bool short_end = schedule.final_alpha == FinalAlpha::one || count < 15;
    const std::size_t last = short_end ? count - 1 : count;
    Table table;
    for (std::size_t i = 0; i < count; ++i) {
        const double towards = sigma[i + 1] / sigma[i];
        // alpha_next * (1 - exp(-h)) with exp(-h) spelled out, defined at alpha 0 and sigma 0 too
        const double keep = alpha[i + 1] - towards * alpha[i];
        double back = 0;
        if (i > 0 && i < last) {
            back = keep * 0.5 * (log_snr[i + 1] - log_snr[i]) / (log_snr[i] - log_snr[i - 1]);
        }
        table.push_back(
            {as_double(times[i]), alpha[i], sigma[i], towards, keep + back, -back, 0.0});
    }
    return table;
}

double bent(double sigma, double shift) {
    return shift * sigma / (1 + (shift - 1) * sigma);
}

// Straight steps along the flow, at the noise levels that diffusers takes.
//
// It bends the levels by `shift` twice at the clean end: once for the smallest level it knows and
// once for the evenly spaced ones between.
Table euler(const Schedule& schedule, std::int64_t steps) {
    const double shift = schedule.betas.shift;
    const double smallest = bent(1 / as_double(schedule.train_steps), shift);
    const double step = steps > 1 ? (smallest - 1.0) / as_double(steps - 1) : 0.0;
    Values sigma;
    for (std::int64_t i = 0; i < steps; ++i) {
        const bool end = i > 0 && i + 1 == steps;
        sigma.push_back(bent(end ? smallest : as_double(i) * step + 1.0, shift));
    }
    sigma.push_back(0.0);
    Table table;
    for (std::size_t i = 0; i + 1 < sigma.size(); ++i) {
        const double towards = sigma[i + 1] / sigma[i];
        const double t = sigma[i] * as_double(schedule.train_steps);
        table.push_back({t, 1 - sigma[i], sigma[i], towards, 1 - towards, 0.0, 0.0});
    }
    return table;
}

}  // namespace

void check_steps(const Schedule& schedule, Solver solver, std::int64_t steps) {
    const bool flow = schedule.betas.kind == BetaKind::flow;
    const std::string named = std::string("Solver '") + name_of(solver) + "' cannot play ";
    if (flow && solver != Solver::euler) {
        throw Error(Status::usage, named + "a flow model; leave the solver open or use 'euler'.");
    }
    if (!flow && solver == Solver::euler) {
        throw Error(Status::usage,
                    named + "this model; leave the solver open or use 'ddim' or 'dpm++2m'.");
    }
    refuse_impossible(schedule, solver, steps);
}

std::vector<Row> rows(const Schedule& schedule, Solver solver, std::int64_t steps, double eta,
                      double strength) {
    check_steps(schedule, solver, steps);
    Table table = solver == Solver::euler  ? euler(schedule, steps)
                  : solver == Solver::ddim ? ddim(schedule, steps, eta)
                                           : dpm(schedule, steps);
    const double wanted = std::nearbyint(strength * static_cast<double>(table.size()));
    const auto kept = std::max<std::size_t>(1, static_cast<std::size_t>(wanted));
    if (kept < table.size()) {
        table.erase(table.begin(), table.end() - static_cast<std::ptrdiff_t>(kept));
        // The first row has nothing to look back to: what it gives to d_prev goes to d.
        table[0].k_d += table[0].k_prev;
        table[0].k_prev = 0;
    }
    return table;
}

}  // namespace hearsight
