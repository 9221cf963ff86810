// Programs older and newer than the library.

#include <cstdint>
#include <string>

#include "api.h"

using namespace api;

TEST_CASE("an old program's smaller structs work, and a newer one's larger ones") {
    Stage stage;
    auto which = sized<hs_bundle_options>();
    which.folder = micro;
    which.verify = 99;       // beyond the size that this program claims to know
    which.struct_size = 24;  // up to conditioners
    hs_bundle* bundle = nullptr;
    CHECK(hs_bundle_open(stage.engine, &which, &bundle) == HS_OK);
    CHECK(hs_bundle_close(bundle) == HS_OK);

    hs_engine* engine = nullptr;
    auto options = engine_options();
    options.memory_user = &options;
    options.log_level = 77;
    options.struct_size = 48;  // up to extensions
    CHECK(hs_engine_create(&options, &engine) == HS_OK);
    CHECK(hs_engine_destroy(engine) == HS_OK);

    struct Newer {
        hs_progress known;
        std::uint64_t unknown;
    } newer{};
    const Asked asked(1);
    hs_job* job = start(stage.bundle, asked.request);
    newer.known.struct_size = sizeof newer;
    newer.unknown = 5;
    CHECK(hs_job_poll(job, &newer.known) == HS_OK);  // what is not known is not touched
    CHECK(newer.known.struct_size == sizeof newer);
    CHECK(newer.unknown == 5);
    auto older = sized<hs_progress>();
    older.struct_size = 8;
    older.stage = -5;
    CHECK(hs_job_poll(job, &older) == HS_OK);
    CHECK(older.stage == -5);
    hs_job_free(job);

    struct NewerRequest {
        hs_request known;
        std::uint64_t unknown;
    } asks{asked.request, 0};
    asks.known.struct_size = sizeof asks;
    CHECK(stage.tried(asks.known) == HS_OK);
    asks.unknown = 1;
    CHECK(stage.tried(asks.known) == HS_USAGE);
    CHECK(last_error(stage.engine).find("newer") != std::string::npos);
    for (const std::uint32_t size : {0U, 3U, 4U, 121U, 1032U, 0xFFFFFFFFU}) {
        asks.known.struct_size = size;
        CHECK(stage.tried(asks.known) == HS_USAGE);
    }
}

TEST_CASE("a prompt array with several sizes is refused") {
    Stage stage;
    Asked asked(1);
    hs_prompt two[2] = {asked.prompt, asked.prompt};
    asked.request.prompts = two;
    asked.request.prompt_count = 2;
    CHECK(stage.tried(asked.request) == HS_OK);
    two[1].struct_size = 32;
    CHECK(stage.tried(asked.request) == HS_USAGE);
}
