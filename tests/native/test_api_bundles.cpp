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

TEST_CASE(
    "prompts that only Python encodes are refused in words, and conditions play all the same") {
    Stage stage;
    auto which = sized<hs_bundle_options>();
    const char* const others[] = {HEARSIGHT_ROOT "/tests/micro/micro-parts"};
    which.folder = micro;
    which.conditioners = others;
    which.conditioner_count = 1;
    hs_bundle* bundle = nullptr;
    REQUIRE(hs_bundle_open(stage.engine, &which, &bundle) == HS_OK);
    auto info = sized<hs_bundle_info>();
    REQUIRE(hs_bundle_get_info(bundle, &info) == HS_OK);
    CHECK(info.understands == 1U << HS_CONDITION);  // the first that knows a prompt decides
    CHECK(info.audio_rate == 0);
    Asked asked(1);
    CHECK(!make(bundle, asked.request).empty());
    const auto refused = [&] {
        hs_job* job = nullptr;
        CHECK(hs_job_start(bundle, &asked.request, nullptr, &job) == HS_USAGE);
        const std::string words = last_error(stage.engine);
        CAPTURE(words);
        CHECK(words.find("\"micro-parts\"") != std::string::npos);
        CHECK(words.find("`runtime-cli condition`") != std::string::npos);
    };
    asked.request.negative = "music";
    refused();
    asked.request.negative = nullptr;
    asked.prompt.kind = HS_TEXT;
    asked.prompt.text = "rain";
    asked.prompt.values = nullptr;
    asked.prompt.value_count = 0;
    refused();
    const std::uint8_t pixel[3] = {};
    asked.prompt.kind = HS_IMAGE;
    asked.prompt.text = nullptr;
    asked.prompt.pixels = pixel;
    asked.prompt.width = asked.prompt.height = 1;
    refused();
    hs_bundle_close(bundle);
}

TEST_CASE("a classifier is refused in words") {
    Stage stage;
    auto which = sized<hs_bundle_options>();
    which.folder = HEARSIGHT_ROOT "/tests/micro/micro-classes";
    hs_bundle* bundle = nullptr;
    CHECK(hs_bundle_open(stage.engine, &which, &bundle) == HS_BUNDLE);
    CHECK(last_error(stage.engine).find("tells sounds apart") != std::string::npos);
    const char* const others[] = {which.folder};
    which.folder = micro;
    which.conditioners = others;
    which.conditioner_count = 1;
    CHECK(hs_bundle_open(stage.engine, &which, &bundle) == HS_BUNDLE);
    CHECK(last_error(stage.engine).find("understands no prompts") != std::string::npos);
}

TEST_CASE("an estimate counts graphs in the precision that is asked for") {
    auto which = sized<hs_bundle_options>();
    which.folder = micro;
    const Asked asked(1);
    const auto files = [&](const char* precision) {
        auto options = engine_options();
        options.precision = precision;
        hs_engine* engine = create(options);
        auto memory = sized<hs_memory>();
        CHECK(hs_estimate(engine, &which, &asked.request, &memory) == HS_OK);
        hs_engine_destroy(engine);
        return memory.files;
    };
    CHECK(files("fp16") < files("fp32"));
    CHECK(files(nullptr) == files("fp32"));
}
