// Elementary functions and sums that give the same bits on every machine.
//
// The functions of maths libraries differ in the last bit; these are sums and products of float64,
// which IEEE 754 rounds the same way everywhere, as long as the compiler neither fuses nor reorders
// them (`-ffp-contract=off`, no `-ffast-math`). The twin of Python's `hearsight.exact`.

#pragma once

#include <vector>

namespace hearsight::exact {

// Natural logarithm of 0 < u <= 1; minus infinity at 0.
double log(double u);

struct Direction {
    double cosine;
    double sine;
};

// Cosine and sine of v whole turns, 0 <= v < 1.
Direction turn(double v);

// The sum of all terms, rounded once; their order does not matter.
double sum(const std::vector<double>& terms);

// Sum of the products of two vectors of one length: each product rounded, then the sum.
double dot(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace hearsight::exact
