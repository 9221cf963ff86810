// Graphs used longest ago are closed first, and the one that is about to run stays.

#include "budget.h"

#include <doctest/doctest.h>

#include <string>

using namespace hearsight;

namespace {

// What was closed of graphs that were each used in their turn.
struct Used {
    explicit Used(std::uint64_t limit) : budget(limit) {}

    void use(const char* name, std::uint64_t size) {
        budget.take({this, name}, size, [this, name] { closed += name; });
    }

    Budget budget;
    std::string closed;
};

}  // namespace

TEST_CASE("a limit closes what was used longest ago, but not what is about to run") {
    Used used(10);
    used.use("a", 4);
    used.use("b", 4);
    used.use("a", 4);
    CHECK(used.closed.empty());
    used.use("c", 5);
    CHECK(used.closed == "b");
    used.use("d", 100);
    CHECK(used.closed == "bac");
}

TEST_CASE("trimming closes what is too much now, and all for nothing") {
    Used used(0);
    used.use("a", 4);
    used.use("b", 4);
    used.use("c", 4);
    used.budget.trim(12);
    CHECK(used.closed.empty());
    used.budget.trim(11);
    CHECK(used.closed == "a");
    used.budget.give_back({&used, "b"});
    used.budget.trim(0);
    CHECK(used.closed == "ac");
}
