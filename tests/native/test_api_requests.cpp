// Requests: those that cannot be, and what comes of the others.

#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "api.h"

using namespace api;

TEST_CASE("requests that cannot be carried out are refused at once") {
    Stage stage;
    const double never = std::numeric_limits<double>::quiet_NaN();
    const auto refused = [&](auto change, hs_status expected = HS_USAGE) {
        Asked asked(1);
        change(asked.request, asked.prompt);
        CHECK(stage.tried(asked.request) == expected);
        CHECK(!last_error(stage.engine).empty());
    };
    refused([](auto& r, auto&) { r.prompts = nullptr; });
    refused([](auto& r, auto&) { r.prompt_count = 0; });
    refused([](auto& r, auto&) { r.prompt_count = 0xFFFFFFFF; });
    refused([](auto& r, auto&) { r.flags = 1U << 31; });
    refused([](auto& r, auto&) { r.solver = -1; });
    refused([](auto& r, auto&) { r.mix = 2; });
    refused([](auto& r, auto&) { r.seed = ~std::uint64_t{0}; });
    refused([](auto& r, auto&) { r.variations = 1001; });
    refused([](auto& r, auto&) { r.first_variation = 0xFFFFFFFF; });
    refused([](auto& r, auto&) { r.steps = 0xFFFFFFFF; });
    refused([](auto& r, auto&) { r.strength = 0.5; });
    refused([](auto& r, auto&) { r.init_count = 5; });
    refused([](auto& r, auto&) { r.negative = "\xff"; });
    refused([](auto& r, auto&) { r.id = "\xff"; });
    refused([&](auto& r, auto&) { r.seconds = never; });
    refused([&](auto& r, auto&) { r.seconds = -1; });
    refused([&](auto& r, auto&) { r.seconds = 1e9; });
    refused([&](auto& r, auto&) { r.guidance = never; });
    refused([&](auto& r, auto&) { r.eta = never; });
    refused([&](auto& r, auto&) { r.guidance_to = never; });
    refused([&](auto&, auto& p) { p.weight = never; });
    refused([](auto&, auto& p) { p.kind = 4; });
    refused([](auto&, auto& p) { p.struct_size = 0; });
    refused([](auto&, auto& p) { p.values = nullptr; });
    refused([](auto&, auto& p) { p.value_count = 15; });
    refused([](auto&, auto& p) { p.value_count = ~std::uint64_t{0}; });
    refused([](auto&, auto& p) { p.kind = HS_TEXT; });
    refused([](auto&, auto& p) { p.kind = HS_TEXT, p.text = "\xff"; });
    refused([](auto&, auto& p) { p.kind = HS_IMAGE; });
    refused([](auto&, auto& p) {
        p.kind = HS_IMAGE, p.pixels = reinterpret_cast<const std::uint8_t*>(p.values);
        p.width = p.height = 0xFFFFFFFF;
    });
}

TEST_CASE("a text becomes variations, each with its own noise") {
    Stage stage;
    auto prompt = sized<hs_prompt>();
    prompt.text = "heavy rain";
    auto request = sized<hs_request>();
    request.prompts = &prompt;
    request.prompt_count = 1;
    request.variations = 3;
    request.first_variation = 2;
    request.flags = HS_SEED_0;
    hs_job* job = start(stage.bundle, request);
    REQUIRE(hs_job_wait(job, HS_FOREVER) == HS_OK);
    std::set<std::uint64_t> seeds;
    for (std::uint32_t index = 0; index < 3; ++index) {
        hs_take* take = nullptr;
        auto info = sized<hs_take_info>();
        REQUIRE(hs_job_result(job, index, &take) == HS_OK);
        REQUIRE(hs_take_get_info(take, &info) == HS_OK);
        CHECK(info.variation == 2 + index);
        CHECK(info.seed == 0);
        CHECK(info.sample_rate == 8000);
        CHECK(info.frames > 0);
        seeds.insert(info.item_seed);
        hs_take_free(take);
    }
    CHECK(seeds.size() == 3);
    hs_job_free(job);
}

TEST_CASE("pictures, sounds and loops come through") {
    Stage stage;
    std::vector<std::uint8_t> pixels(20 * 10 * 3, 200);
    std::vector<float> noise(8000);
    std::mt19937 random(1);
    for (float& value : noise) {
        value = static_cast<float>(random() % 2001) / 1000.0F - 1.0F;
    }
    hs_prompt both[] = {sized<hs_prompt>(), sized<hs_prompt>()};
    both[0].kind = HS_IMAGE;
    both[0].pixels = pixels.data();
    both[0].width = 20;
    both[0].height = 10;
    both[1].kind = HS_AUDIO;
    both[1].weight = 0.5;
    both[1].values = noise.data();
    both[1].value_count = noise.size();
    auto request = sized<hs_request>();
    request.prompts = both;
    request.prompt_count = 2;
    request.seed = 4;
    const auto mixed = make(stage.bundle, request);
    CHECK(mixed.size() == 8000);
    both[0].weight = 2;
    const auto weighted = make(stage.bundle, request);
    CHECK(weighted != mixed);
    both[0].weight = 0;  // which is 1
    request.flags = HS_LOOP;
    CHECK(make(stage.bundle, request) != mixed);
    request.flags = 0;
    request.init = noise.data();
    request.init_count = 4000;
    CHECK(make(stage.bundle, request).size() == 4000);
    both[1].sample_rate = 44100;
    CHECK(stage.tried(request) == HS_USAGE);
}

TEST_CASE("numbers in messages have a point, whatever the host's locale") {
    // No machine need have one with a comma, so it is made.
    const auto folder = std::filesystem::temp_directory_path() /
                        ("hearsight-locale-" + std::to_string(std::random_device()()));
    std::filesystem::create_directories(folder);
    const std::string place = (folder / "de_DE.UTF-8").string();
    const bool made =
        std::system(("localedef -i de_DE -f UTF-8 " + place + " >/dev/null 2>&1").c_str()) == 0;
    setenv("LOCPATH", folder.c_str(), 1);
    if (made && std::setlocale(LC_ALL, "de_DE.UTF-8")) {
        CHECK(std::string(std::localeconv()->decimal_point) == ",");
        Stage stage;  // its manifest has numbers too
        Asked asked(1);
        asked.request.seconds = 1000.5;
        CHECK(stage.tried(asked.request) == HS_USAGE);
        CHECK(last_error(stage.engine) ==
              "seconds is 1000.5; it must be a number from 0.01 to 600.");
        asked.request.seconds = 0.5;
        CHECK(make(stage.bundle, asked.request).size() == 4000);
    } else {
        MESSAGE("no locale with a comma can be made here");
    }
    std::setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    std::filesystem::remove_all(folder);
}
