// Prompts mix to the bits and are refused in the words that they have in Python.

#include "mixing.h"
#include "vectors.h"

using namespace hearsight;

TEST_CASE("averages and branches are Python's") {
    for (const auto& one : vectors::part("mixing")) {
        CAPTURE(one.dump());
        const auto shape = one.at("shape").get<Shape>();
        const std::vector<double> weights = vectors::from_hexes(one.at("weights"));
        std::vector<Tensor> prompts;
        for (const auto& scale : one.at("scales")) {
            prompts.push_back(vectors::drawn(20 + prompts.size(), shape, scale));
        }
        vectors::check(average(prompts, weights), one.at("average"));
        const Tensor against = vectors::drawn(5, shape);
        const Branches told = branches(prompts, weights, &against, one.at("guidance"));
        vectors::check(told.cond, one.at("cond"));
        vectors::check(told.weights, one.at("counts"));
    }
}

TEST_CASE("what cannot be mixed is refused in Python's words") {
    const vectors::Json& said = vectors::part("refusals");
    const Tensor east = vectors::drawn(1, {4});
    const Tensor west = vectors::drawn(1, {4}, -1);
    CHECK(vectors::refusal(Status::usage, [&] {
              average({east, west}, {1, 1});
          }) == said.at("cancelled").get<std::string>());
    CHECK(vectors::refusal(Status::usage, [&] { branches({east}, {1}, nullptr, 2.123456789); }) ==
          said.at("unguided").get<std::string>());
    CHECK(vectors::refusal(Status::usage, [&] { branches({east}, {1}, nullptr, 1e7); }) ==
          said.at("unguided_large").get<std::string>());
}

TEST_CASE("at guidance 1 nothing to guide away from is needed") {
    const Branches told = branches({vectors::drawn(1, {4})}, {5}, nullptr, 1);
    CHECK(told.cond.shape == Shape{1, 4});
    CHECK(told.weights.data == std::vector<float>{1});
}
