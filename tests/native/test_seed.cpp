// Names become the seeds that they become in Python.

#include "seed.h"
#include "vectors.h"

using namespace hearsight;

TEST_CASE("item seeds are Python's, whatever the length of the name") {
    for (const auto& one : vectors::part("seeds")) {
        CAPTURE(one.dump());
        CHECK(item_seed(one.at("base"), one.at("item").get<std::string>(), one.at("variation")) ==
              one.at("seed").get<std::uint64_t>());
    }
}

TEST_CASE("item seeds are pinned") {
    // Changing these changes every sound that anybody made: do not.
    CHECK(item_seed(0, "", 0) == 0xC322236069A9A038);
    CHECK(item_seed(7, "rain_01", 3) == 0x362841832DAF66D1);
}
