// Bundles: what they are, and what a request of them will take.

#include <cstdint>
#include <string>

#include "api.h"

using namespace api;

TEST_CASE("a bundle tells what it is, and what a request will take") {
    Stage stage;
    auto info = sized<hs_bundle_info>();
    REQUIRE(hs_bundle_get_info(stage.bundle, &info) == HS_OK);
    CHECK(std::string(info.name) == "micro");
    CHECK(info.sample_rate == 8000);
    CHECK(info.condition_size == 16);
    CHECK((info.understands & (1U << HS_TEXT)) != 0);
    CHECK((info.understands & (1U << HS_CONDITION)) != 0);
    CHECK(info.shortest < info.seconds);

    Asked asked(1);
    asked.request.seconds = info.longest;
    CHECK(stage.tried(asked.request) == HS_OK);
    asked.request.seconds = info.longest + 1;
    CHECK(stage.tried(asked.request) == HS_USAGE);

    auto which = sized<hs_bundle_options>();
    which.folder = micro;
    auto memory = sized<hs_memory>();
    asked.request.seconds = 2;
    asked.request.variations = 3;
    REQUIRE(hs_estimate(stage.engine, &which, &asked.request, &memory) == HS_OK);
    CHECK(memory.samples == 3 * 2 * 8000 * info.channels * sizeof(float));
    CHECK(memory.weights >= memory.files);
    const std::uint64_t condition_only = memory.files;
    REQUIRE(hs_estimate(stage.engine, &which, nullptr, &memory) == HS_OK);
    CHECK(memory.files > condition_only);  // the text's graphs on top
}

TEST_CASE("bundles that are none are refused, and the engine keeps the words") {
    Stage stage;
    auto which = sized<hs_bundle_options>();
    hs_bundle* bundle = nullptr;
    for (const char* folder : {"/nowhere", HEARSIGHT_ROOT, "", "\xff", eye}) {
        which.folder = folder;
        CHECK(hs_bundle_open(stage.engine, &which, &bundle) == HS_BUNDLE);
        CHECK(!last_error(stage.engine).empty());
    }
    which.folder = micro;
    which.conditioner_count = 1;
    CHECK(hs_bundle_open(stage.engine, &which, &bundle) == HS_USAGE);
    const char* const others[] = {eye};
    which.conditioners = others;
    REQUIRE(hs_bundle_open(stage.engine, &which, &bundle) == HS_OK);
    auto info = sized<hs_bundle_info>();
    hs_bundle_get_info(bundle, &info);
    CHECK((info.understands & (1U << HS_IMAGE)) != 0);
    hs_bundle_close(bundle);
}
