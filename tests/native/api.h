// The C API as its users meet it, through hearsight.h and the shared library alone: what the tests
// of it have in common.

#pragma once

#include <doctest/doctest.h>
#include <hearsight.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace api {

inline const char micro[] = HEARSIGHT_ROOT "/tests/micro/micro";
inline const char eye[] = HEARSIGHT_ROOT "/tests/micro/micro-eye";

// Sanitizers make everything slow; HEARSIGHT_SHORT asks for a tenth of the
// repetitions.
inline int times(int full) {
    return std::getenv("HEARSIGHT_SHORT") ? full / 10 : full;
}

template <typename Struct>
Struct sized() {
    Struct made{};
    made.struct_size = sizeof(Struct);
    return made;
}

inline hs_engine_options engine_options() {
    auto made = sized<hs_engine_options>();
    made.onnxruntime = HEARSIGHT_ORT;
    made.extensions = HEARSIGHT_EXTENSIONS;
    made.threads = 1;
    return made;
}

inline std::string last_error(const hs_engine* engine = nullptr) {
    char words[1000];
    hs_engine_error(engine, words, sizeof words);
    return words;
}

inline hs_engine* create(const hs_engine_options& options = engine_options()) {
    hs_engine* engine = nullptr;
    const hs_status status = hs_engine_create(&options, &engine);
    REQUIRE_MESSAGE(status == HS_OK, last_error());
    return engine;
}

inline hs_bundle* open(hs_engine* engine, const char* folder = micro) {
    auto options = sized<hs_bundle_options>();
    options.folder = folder;
    hs_bundle* bundle = nullptr;
    const hs_status status = hs_bundle_open(engine, &options, &bundle);
    REQUIRE_MESSAGE(status == HS_OK, last_error());
    return bundle;
}

// A request for a condition that was made before: no graph but the generator's
// runs.
struct Asked {
    explicit Asked(std::uint64_t seed, std::uint32_t steps = 3) {
        for (std::size_t index = 0; index < condition.size(); ++index) {
            condition[index] = std::sin(static_cast<float>(index));
        }
        prompt.kind = HS_CONDITION;
        prompt.values = condition.data();
        prompt.value_count = condition.size();
        request.seed = seed;
        request.steps = steps;
        request.seconds = 0.5;
        request.prompts = &prompt;
        request.prompt_count = 1;
    }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;

    std::vector<float> condition = std::vector<float>(16);
    hs_prompt prompt = sized<hs_prompt>();
    hs_request request = sized<hs_request>();
};

inline hs_job* start(hs_bundle* bundle, const hs_request& request,
                     const hs_callbacks* callbacks = nullptr) {
    hs_job* job = nullptr;
    const hs_status status = hs_job_start(bundle, &request, callbacks, &job);
    REQUIRE_MESSAGE(status == HS_OK, last_error());
    return job;
}

inline std::vector<float> samples(hs_job* job, std::uint32_t index = 0) {
    hs_take* take = nullptr;
    auto info = sized<hs_take_info>();
    REQUIRE(hs_job_result(job, index, &take) == HS_OK);
    REQUIRE(hs_take_get_info(take, &info) == HS_OK);
    std::vector<float> copy(info.samples, info.samples + info.frames * info.channels);
    CHECK(hs_take_free(take) == HS_OK);
    return copy;
}

inline std::vector<float> make(hs_bundle* bundle, const hs_request& request) {
    hs_job* job = start(bundle, request);
    const hs_status status = hs_job_wait(job, HS_FOREVER);
    char words[1000];
    hs_job_error(job, words, sizeof words);
    REQUIRE_MESSAGE(status == HS_OK, words);
    auto made = samples(job);
    hs_job_free(job);
    return made;
}

// What a fresh engine makes of a seed.
inline std::vector<float> fresh(std::uint64_t seed) {
    const Asked asked(seed);
    hs_engine* engine = create();
    hs_bundle* bundle = open(engine);
    auto made = make(bundle, asked.request);
    hs_bundle_close(bundle);
    hs_engine_destroy(engine);
    return made;
}

// An engine with the micro bundle, given back at the end.
struct Stage {
    Stage() : engine(create()), bundle(open(engine)) {}
    ~Stage() {
        hs_bundle_close(bundle);
        hs_engine_destroy(engine);
    }
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    // The status of starting a job that is never kept.
    hs_status tried(const hs_request& request) const {
        hs_job* job = nullptr;
        const hs_status status = hs_job_start(bundle, &request, nullptr, &job);
        CHECK((job != nullptr) == (status == HS_OK));
        hs_job_free(job);
        return status;
    }

    hs_engine* engine;
    hs_bundle* bundle;
};

template <typename Handle>
Handle* garbage(std::uintptr_t number) {
    return reinterpret_cast<Handle*>(number);
}

}  // namespace api
