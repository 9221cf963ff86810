#include "exact.h"

#include <array>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

#ifdef __FAST_MATH__
#error "Fast maths changes the bits of every sound; build without it."
#endif

namespace hearsight::exact {
namespace {

static_assert(std::numeric_limits<double>::is_iec559 && std::numeric_limits<float>::is_iec559,
              "sounds are the same everywhere because IEEE 754 is");
static_assert(FLT_EVAL_METHOD == 0, "x87 registers round differently; use SSE2 or later");

constexpr std::array<double, 11> artanh_series() {
    std::array<double, 11> terms{};
    for (std::size_t n = 0; n < terms.size(); ++n) {
        terms[n] = 2.0 / static_cast<double>(2 * n + 1);
    }
    return terms;
}

// 1/first!, -1/(first+2)!, 1/(first+4)! and so on.
constexpr std::array<double, 9> reciprocal_factorials(int first) {
    std::array<double, 9> terms{};
    double value = 1.0;
    int n = first;
    for (double& term : terms) {
        term = value;
        n += 2;
        value = -value / static_cast<double>((n - 1) * n);
    }
    return terms;
}

constexpr auto ARTANH = artanh_series();
constexpr auto COSINE = reciprocal_factorials(0);
constexpr auto SINE = reciprocal_factorials(1);

// Horner's rule, lowest power first.
template <std::size_t N>
double polynomial(double x, const std::array<double, N>& coefficients) {
    double total = coefficients[N - 1];
    for (std::size_t n = N - 1; n-- > 0;) {
        total = total * x + coefficients[n];
    }
    return total;
}

// What a float64 sum of two numbers leaves out (Knuth 1969, TwoSum); both are finite.
std::pair<double, double> two_sum(double a, double b) {
    const double total = a + b;
    const double part = total - a;
    return {total, (a - (total - part)) + (b - part)};
}

}  // namespace

// ln 2**e + 2 artanh((m - 1) / (m + 1)), with m within a factor of sqrt(2) of 1.
double log(double u) {
    if (!(u > 0)) {
        return -std::numeric_limits<double>::infinity();
    }
    int exponent = 0;
    double mantissa = std::frexp(u, &exponent);
    if (mantissa < 0.7071067811865476) {
        mantissa *= 2.0;
        exponent -= 1;
    }
    const double ratio = (mantissa - 1.0) / (mantissa + 1.0);
    return exponent * 0.6931471805599453 + ratio * polynomial(ratio * ratio, ARTANH);
}

// Taylor series within an eighth of a turn.
Direction turn(double v) {
    const double quarter = std::floor(v * 4.0 + 0.5);
    const double angle = (v - quarter * 0.25) * 6.283185307179586;
    const double square = angle * angle;
    const double cosine = polynomial(square, COSINE);
    const double sine = angle * polynomial(square, SINE);
    switch (static_cast<int>(quarter) % 4) {
    case 0:
        return {cosine, sine};
    case 1:
        return {-sine, cosine};
    case 2:
        return {-cosine, -sine};
    default:
        return {sine, -cosine};
    }
}

// Keeps the exact sum as numbers that do not overlap, smallest first (Shewchuk 1997, fig. 5), and
// rounds it once.
double sum(const std::vector<double>& terms) {
    std::vector<double> parts;
    double special = 0.0;
    bool finite = true;
    for (double term : terms) {
        if (!std::isfinite(term)) {
            special += term;
            finite = false;
            continue;
        }
        std::size_t kept = 0;
        for (const double part : parts) {
            const auto [total, rest] = two_sum(term, part);
            if (rest != 0.0) {
                parts[kept++] = rest;
            }
            term = total;
        }
        parts.resize(kept);
        if (term != 0.0) {
            parts.push_back(term);
        }
    }
    if (!finite) {
        return special;
    }
    double total = 0.0;
    double rest = 0.0;
    while (!parts.empty() && rest == 0.0) {
        std::tie(total, rest) = two_sum(parts.back(), total);
        parts.pop_back();
    }
    // A rest of exactly half a unit was rounded to even; what is still left below breaks the tie.
    if (!parts.empty() && (rest < 0.0) == (parts.back() < 0.0)) {
        const double twice = rest * 2.0;
        const double away = total + twice;
        if (away - total == twice) {
            return away;
        }
    }
    return total;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> products(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        products[i] = a[i] * b[i];
    }
    return sum(products);
}

}  // namespace hearsight::exact
