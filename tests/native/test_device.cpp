// Which device runs graphs, and why not another, where there is no card.

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "device.h"
#include "keys.h"
#include "played.h"
#include "profiles.h"
#include "vectors.h"

using namespace hearsight;
using played::denoised, played::error_of, played::says, played::settings;

namespace {

std::string refused(const std::string& device, const std::string& provider = "") {
    const auto ort = Ort::open(HEARSIGHT_ORT);
    const Error problem = error_of([&] { choose(*ort, device, provider); });
    CHECK(problem.status == Status::device);
    return problem.what();
}

}  // namespace

TEST_CASE("a device that cannot be had is told with the reason") {
    CHECK(says(refused("toaster"), "There is no device \"toaster\"; choose one of auto, rtx"));
    CHECK(says(refused("cuda"), "is built without CUDAExecutionProvider; open one that has it."));
    CHECK(says(refused("directml"), "is built without DmlExecutionProvider"));
    CHECK(says(refused("rtx"), "rtx cannot be used: no provider library was given"));
}

TEST_CASE("the best there is may be the processor") {
    const auto ort = Ort::open(HEARSIGHT_ORT);
    const Choice choice = choose(*ort, "auto", "");
    CHECK(choice.provider == "CPUExecutionProvider");
    CHECK(says(choice.why, "The CPU, for ONNX Runtime is built for no other device"));
    const Choice refused = choose(*ort, "auto", "/nothing/libprovider.so");
    CHECK(refused.provider == "CPUExecutionProvider");
    CHECK(says(refused.why, "The CPU, for rtx ("));
}

TEST_CASE("an adopted copy tells its version, so that a later table can be asked for") {
    const auto opened = Ort::open(HEARSIGHT_ORT);
    const auto adopted = Ort::adopt(&opened->api());
    CHECK(adopted->version() == opened->version());
    CHECK(adopted->later(opened->api_version) == &opened->api());
    CHECK(opened->later(10000) == nullptr);
}

TEST_CASE("graphs are run in the precision that is asked for, where they have it") {
    const auto micro = played::bundle("/tests/micro/micro");
    Engine exact(micro, settings("cpu"));
    EngineSettings asked = settings("cpu");
    asked.wishes.precision = Precision::fp16;
    Engine halved(micro, asked);
    const auto wanted = denoised(exact, 8), got = denoised(halved, 8);
    CHECK(got != wanted);
    REQUIRE(got.size() == wanted.size());
    for (std::size_t index = 0; index < got.size(); ++index) {
        CHECK(std::abs(got[index] - wanted[index]) < 0.05);
    }
    CHECK(played::hear(halved) == played::hear(exact));  // it has no graph in fp16
    asked.wishes.precision = Precision::int8;
    const Error problem = error_of([&] { Engine(played::bundle("/engines/starter"), asked); });
    CHECK(problem.status == Status::bundle);
    CHECK(says(problem.what(), "has no graph in int8; it has fp32."));
}

TEST_CASE("compiled graphs are looked for under the names that the Python player gives them") {
    for (const auto& told : vectors::part("compiled")) {
        const auto bundle = played::bundle("/" + told.at("bundle").get<std::string>());
        const std::string name = told.at("name");
        CAPTURE(name);
        const Graph& graph = *find(bundle->manifest.graphs, name);
        const Key key{graph_hash(*find(graph.variants, Precision::fp32)),
                      told.at("precision"),
                      text_of(profiles(bundle->manifest, name)),
                      told.at("builder"),
                      told.at("targets"),
                      told.at("card"),
                      told.at("driver"),
                      told.at("system")};
        CHECK(key.graph == told.at("graph").get<std::string>());
        CHECK(key.profile == told.at("profile").get<std::string>());
        CHECK(digest(key) == told.at("digest").get<std::string>());
    }
}
