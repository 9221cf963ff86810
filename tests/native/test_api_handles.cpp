// What is no handle is refused, and what is one may be given back in any order.

#include <cmath>
#include <cstdint>
#include <string>

#include "api.h"

using namespace api;

TEST_CASE("NULL and garbage are refused by every function") {
    Stage stage;
    const Asked asked(1);
    hs_job* running = start(stage.bundle, asked.request);
    auto options = sized<hs_engine_options>();
    auto which = sized<hs_bundle_options>();
    auto info = sized<hs_bundle_info>();
    auto memory = sized<hs_memory>();
    auto progress = sized<hs_progress>();
    auto sound = sized<hs_take_info>();
    hs_engine* engine = nullptr;
    hs_bundle* bundle = nullptr;
    hs_job* job = nullptr;
    hs_take* take = nullptr;
    char text[8] = "";

    CHECK(hs_engine_create(&options, nullptr) == HS_USAGE);
    CHECK(hs_bundle_open(stage.engine, &which, nullptr) == HS_USAGE);
    CHECK(hs_bundle_open(stage.engine, nullptr, &bundle) == HS_USAGE);
    CHECK(hs_bundle_open(stage.engine, &which, &bundle) == HS_USAGE);  // no folder
    CHECK(hs_bundle_get_info(stage.bundle, nullptr) == HS_USAGE);
    CHECK(hs_estimate(stage.engine, nullptr, nullptr, &memory) == HS_USAGE);
    CHECK(hs_estimate(stage.engine, &which, nullptr, nullptr) == HS_USAGE);
    CHECK(hs_job_start(stage.bundle, nullptr, nullptr, &job) == HS_USAGE);
    CHECK(hs_job_start(stage.bundle, &asked.request, nullptr, nullptr) == HS_USAGE);
    CHECK(hs_job_poll(running, nullptr) == HS_USAGE);
    CHECK(hs_job_result(running, 0, nullptr) == HS_USAGE);
    CHECK(hs_job_result(running, 7, &take) == HS_USAGE);
    CHECK(hs_engine_error(nullptr, nullptr, 0) > 0);
    CHECK(hs_job_error(nullptr, nullptr, 9) == 0);

    // Handles that are none: NULL, small numbers, a place on the stack, one of
    // another kind.
    for (const std::uintptr_t number :
         {std::uintptr_t{0}, std::uintptr_t{1}, ~std::uintptr_t{0},
          reinterpret_cast<std::uintptr_t>(&options), reinterpret_cast<std::uintptr_t>(running)}) {
        const hs_status given_back = number == 0 ? HS_OK : HS_USAGE;
        CHECK(hs_engine_destroy(garbage<hs_engine>(number)) == given_back);
        CHECK(hs_engine_trim(garbage<hs_engine>(number), 0) == HS_USAGE);
        CHECK(hs_bundle_close(garbage<hs_bundle>(number)) == given_back);
        CHECK(hs_take_free(garbage<hs_take>(number)) == given_back);
        CHECK(hs_bundle_open(garbage<hs_engine>(number), &which, &bundle) == HS_USAGE);
        CHECK(hs_bundle_get_info(garbage<hs_bundle>(number), &info) == HS_USAGE);
        CHECK(hs_estimate(garbage<hs_engine>(number), &which, nullptr, &memory) == HS_USAGE);
        CHECK(hs_job_start(garbage<hs_bundle>(number), &asked.request, nullptr, &job) == HS_USAGE);
        CHECK(hs_take_get_info(garbage<hs_take>(number), &sound) == HS_USAGE);
        CHECK((number == 0 || hs_engine_error(garbage<hs_engine>(number), text, sizeof text) == 0));
        CHECK(text[0] == '\0');
    }
    for (const std::uintptr_t number : {std::uintptr_t{0}, std::uintptr_t{3}, ~std::uintptr_t{0},
                                        reinterpret_cast<std::uintptr_t>(stage.engine)}) {
        CHECK(hs_job_free(garbage<hs_job>(number)) == (number == 0 ? HS_OK : HS_USAGE));
        CHECK(hs_job_poll(garbage<hs_job>(number), &progress) == HS_USAGE);
        CHECK(hs_job_wait(garbage<hs_job>(number), HS_FOREVER) == HS_USAGE);
        CHECK(hs_job_cancel(garbage<hs_job>(number)) == HS_USAGE);
        CHECK(hs_job_result(garbage<hs_job>(number), 0, &take) == HS_USAGE);
        CHECK(hs_job_error(garbage<hs_job>(number), text, sizeof text) == 0);
    }
    CHECK(engine == nullptr);
    CHECK(bundle == nullptr);
    CHECK(job == nullptr);
    CHECK(take == nullptr);
    CHECK(hs_job_wait(running, HS_FOREVER) == HS_OK);
    CHECK(hs_job_free(running) == HS_OK);
    CHECK(hs_job_free(running) == HS_USAGE);
}

TEST_CASE("handles may be given back in any order") {
    const Asked asked(5);
    const Asked endless(5, 900);
    hs_engine* engine = create();
    hs_bundle* bundle = open(engine);
    hs_job* done = start(bundle, asked.request);
    REQUIRE(hs_job_wait(done, HS_FOREVER) == HS_OK);
    hs_take* take = nullptr;
    REQUIRE(hs_job_result(done, 0, &take) == HS_OK);
    hs_job* running = start(bundle, endless.request);
    hs_job* waiting = start(bundle, endless.request);
    CHECK(hs_engine_destroy(engine) == HS_OK);
    CHECK(hs_engine_destroy(engine) == HS_USAGE);
    CHECK(hs_job_wait(running, HS_FOREVER) == HS_CANCELLED);
    CHECK(hs_job_wait(waiting, HS_FOREVER) == HS_CANCELLED);
    CHECK(hs_job_wait(done, HS_FOREVER) == HS_OK);
    hs_job* job = nullptr;
    CHECK(hs_job_start(bundle, &asked.request, nullptr, &job) == HS_USAGE);
    auto info = sized<hs_bundle_info>();
    CHECK(hs_bundle_get_info(bundle, &info) == HS_OK);
    CHECK(std::string(info.name) == "micro");
    hs_job_free(done);
    hs_job_free(running);
    hs_job_free(waiting);
    hs_bundle_close(bundle);
    auto sound = sized<hs_take_info>();
    CHECK(hs_take_get_info(take, &sound) == HS_OK);
    CHECK(std::isfinite(sound.samples[sound.frames - 1]));
    CHECK(hs_take_free(take) == HS_OK);
    CHECK(hs_take_free(take) == HS_USAGE);
}
