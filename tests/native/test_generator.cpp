// Requests are checked before they run, variations do not depend on one another, and a request
// that was stopped leaves nothing behind.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "error.h"
#include "generator.h"

using namespace hearsight;

namespace {

const Progress silent = [](const char*, int, int) {};

std::shared_ptr<const Bundle> bundle(const std::string& name) {
    return std::make_shared<const Bundle>(
        open_bundle(HEARSIGHT_ROOT "/tests/micro/" + name, Verify::none));
}

const Generator& generator() {
    static const Generator made = [] {
        EngineSettings settings;
        settings.ort = Ort::open(HEARSIGHT_ORT);
        settings.threads = 1;
        return Generator(bundle("micro"), {}, settings);
    }();
    return made;
}

// A picture of one colour asks for a sound.
Request request() {
    Request asked;
    asked.prompts.resize(1);
    asked.prompts[0].modality = Modality::image;
    asked.prompts[0].picture = {8, 8, std::vector<std::uint8_t>(3 * 64, 200)};
    asked.seconds = 0.5;
    asked.seed = 7;
    return asked;
}

std::vector<Take> takes(const Request& asked) {
    std::vector<Take> made;
    Cancel cancel;
    generator().make(asked, silent, cancel, [&](Take&& take) { made.push_back(std::move(take)); });
    return made;
}

// How a request is refused that was changed a little.
template <typename Change>
std::string refused(Change change, Status status = Status::usage) {
    Request asked = request();
    change(asked);
    try {
        generator().resolved(asked);
    } catch (const Error& problem) {
        CHECK(problem.status == status);
        return problem.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a sound has the length that was asked for at the bundle's rate") {
    const auto made = takes(request());
    REQUIRE(made.size() == 1);
    CHECK(made[0].sample_rate == generator().bundle().manifest.audio->sample_rate);
    CHECK(made[0].audio.size() ==
          static_cast<std::size_t>(std::nearbyint(0.5 * made[0].sample_rate)));
    CHECK(made[0].seed == 7);
}

TEST_CASE("a variation is the same alone and among others") {
    Request all = request();
    all.variations = 3;
    const auto made = takes(all);
    REQUIRE(made.size() == 3);
    CHECK(made[0].audio != made[1].audio);
    Request one = request();
    one.first_variation = 2;
    const auto alone = takes(one);
    CHECK(alone[0].audio == made[2].audio);
    CHECK(alone[0].item_seed == made[2].item_seed);
}

TEST_CASE("a resolved request makes the sound of the open one") {
    Request open = request();
    open.seconds.reset();
    open.seed.reset();
    const Request resolved = generator().resolved(open);
    CHECK(resolved.seconds == generator().bundle().manifest.defaults->seconds);
    REQUIRE(resolved.seed);
    CHECK(*resolved.seed <= 0xFFFFFFFF);
    CHECK(takes(resolved)[0].audio == takes(resolved)[0].audio);
}

TEST_CASE("progress counts every stage over all variations, and ends where it said") {
    std::map<std::string, std::pair<int, int>> last;
    Request asked = request();
    asked.variations = 2;
    asked.steps = 3;
    Cancel cancel;
    generator().make(
        asked,
        [&](const char* stage, int done, int total) {
            CHECK(done <= total);
            last[stage] = {done, total};
        },
        cancel, [](Take&&) {});
    CHECK(last.at("load") == std::pair(1, 1));
    CHECK(last.at("encode") == std::pair(1, 1));
    CHECK(last.at("denoise") == std::pair(6, 6));
    CHECK(last.at("decode") == std::pair(2, 2));
}

TEST_CASE("after a request that was stopped anywhere the next one is as good as new") {
    const auto wanted = takes(request())[0].audio;
    for (const int after : {1, 2, 3, 5, 8}) {
        Cancel cancel;
        int told = 0;
        const Progress stopping = [&](const char*, int, int) {
            if (++told == after) {
                cancel.cancel();
            }
        };
        try {
            generator().make(request(), stopping, cancel, [](Take&&) {});
            FAIL("it was not stopped");
        } catch (const Error& problem) {
            CHECK(problem.status == Status::cancelled);
        }
        CHECK(takes(request())[0].audio == wanted);
    }
}

TEST_CASE("what cannot be is refused, with the field and its range") {
    static constexpr double none = std::numeric_limits<double>::quiet_NaN();
    CHECK(refused([](Request& r) { r.seconds = 0.001; }).find("seconds is 0.001") == 0);
    CHECK(refused([](Request& r) { r.seconds = 601; }).find("seconds is 601") == 0);
    CHECK(refused([](Request& r) { r.seconds = none; }) != "");
    CHECK(refused([](Request& r) { r.guidance = 31; }).find("guidance is 31") == 0);
    CHECK(refused([](Request& r) { r.guidance = none; }) != "");
    CHECK(refused([](Request& r) { r.guidance_interval = std::pair(0.5, 0.5); }) != "");
    CHECK(refused([](Request& r) { r.variations = 0; }) != "");
    CHECK(refused([](Request& r) { r.seed = std::uint64_t{1} << 63; }) != "");
    CHECK(refused([](Request& r) { r.steps = 0; }) != "");
    CHECK(refused([](Request& r) {
              r.eta = 0.5;
              r.solver = Solver::dpmpp_2m;
          }) != "");
    CHECK(refused([](Request& r) { r.solver = Solver::euler; }) != "");
    CHECK(refused([](Request& r) { r.prompts.clear(); }) != "");
    CHECK(refused([](Request& r) { r.prompts[0].weight = 0; }) != "");
    CHECK(refused([](Request& r) { r.prompts[0].weight = -1; }).find("sum to -1") !=
          std::string::npos);
    CHECK(refused([](Request& r) { r.prompts[0].picture.width = 9; }) != "");
    CHECK(refused([](Request& r) { r.prompts[0].picture.height = -8; }) != "");
    CHECK(refused([](Request& r) { r.negative = "\xC3("; }).find("negative") == 0);
    CHECK(refused([](Request& r) { r.id = "\xED\xA0\x80"; }).find("id") == 0);
    CHECK(refused([](Request& r) { r.prompts[0].modality = Modality::condition; }) != "");
}

TEST_CASE("sounds that nobody can listen to are refused") {
    const auto rate = generator().audio_rate();
    const auto heard = [&](std::vector<float> samples, std::uint32_t at) {
        return [=](Request& r) {
            r.prompts[0].modality = Modality::audio;
            r.prompts[0].sound = {samples, at};
        };
    };
    CHECK(refused(heard({0.5F}, rate)) == "");
    CHECK(refused(heard({0.5F}, rate + 1)) != "");
    CHECK(refused(heard({}, rate)) != "");
    CHECK(refused(heard({0, 0}, rate), Status::file) != "");
    CHECK(refused(heard({0.5F, std::nanf("")}, rate), Status::file) != "");
}

TEST_CASE("bundles are put together by their space") {
    EngineSettings settings;
    settings.ort = Ort::open(HEARSIGHT_ORT);
    const Generator flow(bundle("micro-flow"), {bundle("micro")}, settings);
    CHECK(flow.understands(Modality::text));
    CHECK(Generator(bundle("micro-flow"), {}, settings).understands(Modality::condition));
    CHECK_FALSE(Generator(bundle("micro-flow"), {}, settings).understands(Modality::image));
    CHECK_THROWS_AS(Generator(bundle("micro-eye"), {}, settings), Error);
    const auto starter = std::make_shared<const Bundle>(
        open_bundle(HEARSIGHT_ROOT "/engines/starter", Verify::none));
    CHECK_THROWS_AS(Generator(bundle("micro"), {starter}, settings), Error);
}
