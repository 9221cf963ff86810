// Windows lie where Python lays them and blend to the same bits.

#include "tiling.h"
#include "vectors.h"

using namespace hearsight;

namespace {

Tiling laid(const vectors::Json& one) {
    const auto given = one.at("given").get<std::vector<std::int64_t>>();
    return one.at("kind") == "line" ? line(given[0], given[1])
                                    : circle(given[0], given[1], given[2]);
}

}  // namespace

TEST_CASE("windows and what they blend to are Python's") {
    for (const auto& one : vectors::part("tiling")) {
        CAPTURE(one.dump());
        const Tiling tiles = laid(one);
        const std::int64_t scale = one.at("scale");
        CHECK(tiles.size == one.at("size").get<std::int64_t>());
        CHECK(tiles.fade == one.at("fade").get<std::int64_t>());
        vectors::check(tiles.starts, one.at("starts"));
        Frames frames;
        std::vector<float> shares;
        for (std::size_t i = 0; i < tiles.starts.size(); ++i) {
            const Window window = tiles.window(i, scale);
            frames.insert(frames.end(), window.frames.begin(), window.frames.end());
            shares.insert(shares.end(), window.share.begin(), window.share.end());
        }
        vectors::check(frames, one.at("frames"));
        vectors::check(shares, one.at("shares"));
        const auto part = [&](std::size_t i) {
            return vectors::drawn(i, {2, tiles.size * scale, 3});
        };
        vectors::check(tiles.blend(part, 1, scale), one.at("blend"));
    }
}

TEST_CASE("a part of another size than its window is refused") {
    const Tiling tiles = line(20, 8);
    for (const Shape& wrong : {Shape{7}, Shape{9}, Shape{8, 1}, Shape{}}) {
        const auto blend = [&] {
            tiles.blend([&](std::size_t i) { return zeros(i == 0 ? Shape{8} : wrong); }, 0);
        };
        CHECK(vectors::refusal(Status::bundle, blend).find("export the bundle again") !=
              std::string::npos);
    }
    CHECK_THROWS_AS(tiles.blend([](std::size_t) { return zeros({9}); }, 0), Error);
}

TEST_CASE("runs are the longest stretches that count up") {
    using Stretches = std::vector<std::pair<std::size_t, std::size_t>>;
    CHECK(runs({4}) == Stretches{{0, 1}});
    CHECK(runs({7, 8, 9, 0, 1, 1}) == Stretches{{0, 3}, {3, 5}, {5, 6}});
}

TEST_CASE("taking frames keeps the other axes") {
    const Tensor whole{{2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
    const Tensor part = take(whole, {2, 0}, 1);
    CHECK(part.shape == Shape{2, 2, 2});
    CHECK(part.data == std::vector<float>{4, 5, 0, 1, 10, 11, 6, 7});
}
