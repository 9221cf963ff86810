#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include "pieces.h"

using namespace hearsight;

namespace {

using Listed = std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>>;

Listed listed(std::int64_t frames, std::int64_t reach) {
    Listed all;
    for (const Piece& piece : pieces(frames, reach)) {
        all.emplace_back(piece.start, piece.end, piece.first, piece.last);
    }
    return all;
}

}  // namespace

TEST_CASE("pieces are those of the Python player") {
    CHECK(listed(800, 1) == Listed{{0, 267, 0, 269}, {267, 534, 266, 535}, {534, 800, 531, 800}});
    CHECK(listed(100, 40) == Listed{{0, 100, 0, 100}});
    CHECK(listed(1000, 5) ==
          Listed{{0, 334, 0, 344}, {334, 668, 329, 673}, {668, 1000, 656, 1000}});
    CHECK(listed(2000, 30) ==
          Listed{{0, 667, 0, 727}, {667, 1334, 637, 1364}, {1334, 2000, 1273, 2000}});
    CHECK(listed(1000, std::numeric_limits<std::int64_t>::max()) == Listed{{0, 1000, 0, 1000}});
}

TEST_CASE("pieces cover every frame once, with its surroundings") {
    for (std::int64_t frames = 1; frames < 6000; frames += 37) {
        for (const std::int64_t reach : {0, 1, 15, 16, 17, 60}) {
            std::int64_t covered = 0;
            for (const Piece& piece : pieces(frames, reach)) {
                CHECK(piece.start == covered);
                covered = piece.end;
                CHECK(0 <= piece.first);
                CHECK(piece.last <= frames);
                CHECK((piece.first == 0 || piece.first <= piece.start - reach));
                CHECK((piece.last == frames || piece.last >= piece.end + reach));
            }
            CHECK(covered == frames);
        }
    }
}
