// Elementary functions and sums, bit for bit as Python has them.

#include <algorithm>
#include <limits>

#include "exact.h"
#include "vectors.h"

using namespace hearsight;

TEST_CASE("logarithms are Python's") {
    for (const auto& pair : vectors::part("exact").at("log")) {
        CAPTURE(pair.dump());
        CHECK(
            vectors::same_bits(exact::log(vectors::from_hex(pair[0])), vectors::from_hex(pair[1])));
    }
}

TEST_CASE("cosines and sines of turns are Python's") {
    for (const auto& triple : vectors::part("exact").at("turn")) {
        CAPTURE(triple.dump());
        const auto [cosine, sine] = exact::turn(vectors::from_hex(triple[0]));
        CHECK(vectors::same_bits(cosine, vectors::from_hex(triple[1])));
        CHECK(vectors::same_bits(sine, vectors::from_hex(triple[2])));
    }
}

TEST_CASE("sums are rounded once, in whatever order") {
    for (const auto& pair : vectors::part("exact").at("sum")) {
        CAPTURE(pair.dump());
        std::vector<double> terms = vectors::from_hexes(pair[0]);
        const double total = vectors::from_hex(pair[1]);
        CHECK(vectors::same_bits(exact::sum(terms), total));
        std::reverse(terms.begin(), terms.end());
        CHECK(vectors::same_bits(exact::sum(terms), total));
    }
}

TEST_CASE("a sum with a value that is not a number is none") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(exact::sum({1.0, nan, 2.0}) != exact::sum({1.0, nan, 2.0}));
}
