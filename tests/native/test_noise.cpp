// Noise is Python's bit for bit, from any frame on and along any axis.

#include <cstdint>
#include <new>

#include "vectors.h"

using namespace hearsight;

TEST_CASE("noise is Python's") {
    for (const auto& one : vectors::part("noise")) {
        CAPTURE(one.dump());
        vectors::check(normal(one.at("seed"), one.at("stream"), one.at("shape").get<Shape>(),
                              one.at("axis"), one.at("frame")),
                       one);
    }
}

TEST_CASE("noise is pinned") {
    // Changing these changes every sound that anybody made: do not.
    CHECK(normal(7, STEP_STREAM + 3, {5}).data ==
          std::vector<float>{-0x1.3668a2p+0F, 0x1.065662p+0F, 0x1.4f316cp-2F, 0x1.a592f2p+0F,
                             0x1.767b22p+0F});
}

TEST_CASE("an array whose size does not fit into a number is refused, not made small") {
    const std::int64_t vast = std::int64_t{1} << 32;
    CHECK_THROWS_AS(normal(1, 0, {vast, 1, vast}, 1), std::bad_alloc);
    CHECK_THROWS_AS(zeros({vast, vast, 2}), std::bad_alloc);
    CHECK(count({vast, 0, vast}) == 0);
    CHECK(count({}) == 1);
}
