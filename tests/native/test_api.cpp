// The C API as its users meet it: through hearsight.h and the shared library
// alone.

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <hearsight.h>
#include <onnxruntime_c_api.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

const char micro[] = HEARSIGHT_ROOT "/tests/micro/micro";
const char eye[] = HEARSIGHT_ROOT "/tests/micro/micro-eye";

// Sanitizers make everything slow; HEARSIGHT_SHORT asks for a tenth of the
// repetitions.
int times(int full) {
    return std::getenv("HEARSIGHT_SHORT") ? full / 10 : full;
}

template <typename Struct>
Struct sized() {
    Struct made{};
    made.struct_size = sizeof(Struct);
    return made;
}

hs_engine_options engine_options() {
    auto made = sized<hs_engine_options>();
    made.onnxruntime = HEARSIGHT_ORT;
    made.extensions = HEARSIGHT_EXTENSIONS;
    made.threads = 1;
    return made;
}

std::string last_error(const hs_engine* engine = nullptr) {
    char words[1000];
    hs_engine_error(engine, words, sizeof words);
    return words;
}

hs_engine* create(const hs_engine_options& options = engine_options()) {
    hs_engine* engine = nullptr;
    const hs_status status = hs_engine_create(&options, &engine);
    REQUIRE_MESSAGE(status == HS_OK, last_error());
    return engine;
}

hs_bundle* open(hs_engine* engine, const char* folder = micro) {
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

hs_job* start(hs_bundle* bundle, const hs_request& request,
              const hs_callbacks* callbacks = nullptr) {
    hs_job* job = nullptr;
    const hs_status status = hs_job_start(bundle, &request, callbacks, &job);
    REQUIRE_MESSAGE(status == HS_OK, last_error());
    return job;
}

std::vector<float> samples(hs_job* job, std::uint32_t index = 0) {
    hs_take* take = nullptr;
    auto info = sized<hs_take_info>();
    REQUIRE(hs_job_result(job, index, &take) == HS_OK);
    REQUIRE(hs_take_get_info(take, &info) == HS_OK);
    std::vector<float> copy(info.samples, info.samples + info.frames * info.channels);
    CHECK(hs_take_free(take) == HS_OK);
    return copy;
}

std::vector<float> make(hs_bundle* bundle, const hs_request& request) {
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
std::vector<float> fresh(std::uint64_t seed) {
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

}  // namespace

TEST_CASE("the version of the library is that of the header it was built with") {
    CHECK(hs_version() == HS_VERSION);
}

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

TEST_CASE("engine options that cannot be are refused with words") {
    const auto refused = [](auto change, hs_status status, const char* word) {
        auto options = engine_options();
        change(options);
        hs_engine* engine = nullptr;
        CHECK(hs_engine_create(&options, &engine) == status);
        CHECK(engine == nullptr);
        CHECK_MESSAGE(last_error().find(word) != std::string::npos, last_error());
    };
    refused([](auto& o) { o.onnxruntime = "/nowhere/libonnxruntime.so"; }, HS_DEVICE, "/nowhere");
    refused([](auto& o) { o.onnxruntime = "libonnxruntime.so"; }, HS_DEVICE, "absolute");
    refused([](auto& o) { o.onnxruntime = nullptr; }, HS_DEVICE, "beside");
    refused([](auto& o) { o.onnxruntime = HEARSIGHT_ROOT "/LICENSE"; }, HS_DEVICE, "LICENSE");
    refused([](auto& o) { o.threads = 257; }, HS_USAGE, "threads");
    refused([](auto& o) { o.log_level = 9; }, HS_USAGE, "log_level");
    refused([](auto& o) { o.never_build = -1; }, HS_USAGE, "never_build");
    refused([](auto& o) { o.allocate = [](void*, std::uint64_t) -> void* { return nullptr; }; },
            HS_USAGE, "together");
}

TEST_CASE("words are cut to the buffer, and not within a character") {
    auto options = engine_options();
    options.onnxruntime = "/nowhere/\xc3\xa9\xc3\xa9\xc3\xa9";
    hs_engine* engine = nullptr;
    REQUIRE(hs_engine_create(&options, &engine) == HS_DEVICE);
    const std::string whole = last_error();
    const std::size_t accent = whole.find("\xc3\xa9");
    REQUIRE(accent != std::string::npos);
    std::vector<char> text(accent + 2, 'x');
    CHECK(hs_engine_error(nullptr, text.data(), static_cast<std::uint32_t>(text.size())) ==
          whole.size());
    CHECK(std::string(text.data()) == whole.substr(0, accent));
}

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

TEST_CASE("jobs run in order, and tell how far they are") {
    struct Seen {
        std::vector<std::int32_t> stages;
        std::atomic<int> finished{0};
        hs_status in_callback = HS_OK;
        hs_job* job = nullptr;
        hs_engine* engine = nullptr;
    } seen;
    Stage stage;
    seen.engine = stage.engine;
    Asked asked(5);
    const auto expected = make(stage.bundle, asked.request);
    auto callbacks = sized<hs_callbacks>();
    callbacks.user = &seen;
    callbacks.progress = [](void* user, const hs_progress* now) {
        static_cast<Seen*>(user)->stages.push_back(now->stage);
    };
    callbacks.finished = [](void* user, const hs_progress* now) {
        auto& told = *static_cast<Seen*>(user);
        CHECK(now->status == HS_OK);
        CHECK(now->takes == 1);
        CHECK(hs_engine_destroy(told.engine) == HS_USAGE);
        told.finished++;
    };
    hs_job* first = start(stage.bundle, asked.request);
    hs_job* job = start(stage.bundle, asked.request, &callbacks);
    asked.condition.assign(16, 0.0F);  // it was copied
    CHECK(hs_job_wait(job, HS_FOREVER) == HS_OK);
    CHECK(hs_job_wait(first, 0) == HS_OK);
    CHECK(samples(job) == expected);
    while (seen.finished == 0) {
        std::this_thread::yield();
    }
    CHECK(hs_job_free(job) == HS_OK);
    CHECK(hs_job_free(first) == HS_OK);
    CHECK(seen.finished == 1);
    CHECK(std::is_sorted(seen.stages.begin(), seen.stages.end()));
    CHECK(seen.stages.back() >= HS_STAGE_DECODE);
}

TEST_CASE("a callback may give its own job back, and may not wait") {
    struct Seen {
        std::atomic<hs_job*> job{nullptr};
        std::atomic<int> calls{0};
        hs_status waited = HS_OK;
        hs_status freed = HS_INTERNAL;
        std::atomic<bool> done{false};
    } seen;
    Stage stage;
    const Asked asked(5, 50);
    auto callbacks = sized<hs_callbacks>();
    callbacks.user = &seen;
    callbacks.progress = [](void* user, const hs_progress*) {
        auto& told = *static_cast<Seen*>(user);
        while (!told.job) {
            std::this_thread::yield();
        }
        told.calls++;
        told.waited = hs_job_wait(told.job, 1);
        told.freed = hs_job_free(told.job);
        told.done = true;
    };
    callbacks.finished = callbacks.progress;
    seen.job = start(stage.bundle, asked.request, &callbacks);
    while (!seen.done) {
        std::this_thread::yield();
    }
    CHECK(make(stage.bundle, asked.request).size() == 4000);  // so the first has ended
    CHECK(seen.waited == HS_USAGE);
    CHECK(seen.freed == HS_OK);
    CHECK(seen.calls == 1);
}

TEST_CASE("a job that waits is cancelled at once, and one that runs within a step") {
    Stage stage;
    const Asked asked(5, 900);
    hs_job* running = start(stage.bundle, asked.request);
    hs_job* waiting = start(stage.bundle, asked.request);
    CHECK(hs_job_cancel(waiting) == HS_OK);
    CHECK(hs_job_wait(waiting, 0) == HS_CANCELLED);
    CHECK(hs_job_wait(running, 1) == HS_RUNNING);
    CHECK(hs_job_cancel(running) == HS_OK);
    CHECK(hs_job_cancel(running) == HS_OK);
    CHECK(hs_job_wait(running, 10000) == HS_CANCELLED);
    hs_take* take = nullptr;
    CHECK(hs_job_result(running, 0, &take) == HS_CANCELLED);
    char words[100];
    CHECK(hs_job_error(running, words, sizeof words) > 0);
    hs_job_free(waiting);
    hs_job_free(running);
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

TEST_CASE("engines are destroyed with a job in flight, again and again") {
    const Asked asked(5, 900);
    for (int count = 0; count < times(100); ++count) {
        hs_engine* engine = create();
        hs_bundle* bundle = open(engine);
        hs_job* job = start(bundle, asked.request);
        std::this_thread::sleep_for(std::chrono::microseconds(count * 100));
        REQUIRE(hs_engine_destroy(engine) == HS_OK);
        REQUIRE(hs_job_wait(job, 0) == HS_CANCELLED);
        hs_job_free(job);
        hs_bundle_close(bundle);
    }
}

TEST_CASE("a thousand cancels at random moments leave the engine as good as new") {
    Stage stage;
    const Asked asked(9, 60);
    make(stage.bundle, asked.request);              // opens the graphs
    auto whole = std::chrono::microseconds::max();  // of a job, on a quiet machine
    for (int count = 0; count < 5; ++count) {
        const auto started = std::chrono::steady_clock::now();
        make(stage.bundle, asked.request);
        whole = std::min(whole, std::chrono::duration_cast<std::chrono::microseconds>(
                                    std::chrono::steady_clock::now() - started));
    }
    std::mt19937 random(1);
    std::uniform_int_distribution<std::int64_t> moment(0, whole.count());
    int cancelled = 0;
    for (int count = 0; count < times(1000); ++count) {
        hs_job* job = start(stage.bundle, asked.request);
        const auto until =
            std::chrono::steady_clock::now() + std::chrono::microseconds(moment(random));
        while (std::chrono::steady_clock::now() < until) {
            std::this_thread::yield();  // sleeping ends too late
        }
        hs_job_cancel(job);
        const hs_status status = hs_job_wait(job, HS_FOREVER);
        REQUIRE((status == HS_OK || status == HS_CANCELLED));
        cancelled += status == HS_CANCELLED;
        hs_job_free(job);
    }
    CHECK(cancelled > times(1000) / 4);
    const Asked clean(7);
    CHECK(make(stage.bundle, clean.request) == fresh(7));
}

TEST_CASE("four threads submit, and each gets its own sounds") {
    Stage stage;
    std::vector<std::vector<float>> expected;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const Asked asked(seed);
        expected.push_back(make(stage.bundle, asked.request));
    }
    CHECK(expected[0] != expected[1]);
    std::atomic<int> equal{0};
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < 4; ++number) {
        threads.emplace_back([&, number] {
            const Asked asked(number + 1);
            for (int count = 0; count < 10; ++count) {
                hs_job* job = nullptr;
                hs_take* take = nullptr;
                auto info = sized<hs_take_info>();
                hs_job_start(stage.bundle, &asked.request, nullptr, &job);
                hs_job_wait(job, HS_FOREVER);
                hs_job_result(job, 0, &take);
                hs_take_get_info(take, &info);
                hs_job_free(job);
                equal += info.frames == expected[number].size() &&
                         std::memcmp(info.samples, expected[number].data(),
                                     info.frames * sizeof(float)) == 0;
                hs_take_free(take);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(equal == 40);
}

TEST_CASE("memory for takes comes from the host, and goes back to it") {
    struct Purse {
        std::atomic<int> lent{0};
        std::atomic<int> returned{0};
        bool empty = false;
    } purse;
    auto options = engine_options();
    options.memory_user = &purse;
    options.allocate = [](void* user, std::uint64_t size) -> void* {
        auto& from = *static_cast<Purse*>(user);
        from.lent += !from.empty;
        return from.empty ? nullptr : std::malloc(static_cast<std::size_t>(size));
    };
    options.release = [](void* user, void* memory) {
        static_cast<Purse*>(user)->returned++;
        std::free(memory);
    };
    hs_engine* engine = create(options);
    hs_bundle* bundle = open(engine);
    Asked asked(3);
    asked.request.variations = 5;
    hs_job* job = start(bundle, asked.request);
    REQUIRE(hs_job_wait(job, HS_FOREVER) == HS_OK);
    CHECK(purse.lent == 5);
    hs_take* take = nullptr;
    REQUIRE(hs_job_result(job, 4, &take) == HS_OK);
    hs_job_free(job);
    make(bundle, asked.request);
    purse.empty = true;
    job = start(bundle, asked.request);
    CHECK(hs_job_wait(job, HS_FOREVER) == HS_DEVICE);
    hs_job_free(job);
    hs_bundle_close(bundle);
    hs_engine_destroy(engine);
    CHECK(purse.lent == 10);
    CHECK(purse.returned == 9);
    hs_take_free(take);
    CHECK(purse.returned == 10);
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

TEST_CASE("copies of ONNX Runtime live side by side, the host's own among them") {
    const auto expected = fresh(6);
    const Asked asked(6);
    // Another file is another library to the loader.
    const auto folder = std::filesystem::temp_directory_path() / "hearsight-second";
    const std::string copy = (folder / std::filesystem::path(HEARSIGHT_ORT).filename()).string();
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(HEARSIGHT_ORT, copy,
                               std::filesystem::copy_options::overwrite_existing);
    hs_engine* first = create();
    auto options = engine_options();
    options.onnxruntime = copy.c_str();
    hs_engine* second = create(options);

    void* library = dlopen(HEARSIGHT_ORT, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library);
    const auto base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(library, "OrtGetApiBase"))();
    options.onnxruntime = nullptr;
    options.ort_api = base->GetApi(17);
    hs_engine* third = create(options);

    hs_bundle* bundles[] = {open(first), open(second), open(third)};
    hs_job* jobs[] = {start(bundles[0], asked.request), start(bundles[1], asked.request),
                      start(bundles[2], asked.request)};
    for (hs_job* job : jobs) {
        CHECK(hs_job_wait(job, HS_FOREVER) == HS_OK);
        CHECK(samples(job) == expected);
        hs_job_free(job);
    }
    for (hs_bundle* bundle : bundles) {
        hs_bundle_close(bundle);
    }
    for (hs_engine* engine : {second, first, third}) {
        CHECK(hs_engine_destroy(engine) == HS_OK);
    }
    std::filesystem::remove_all(folder);
}

TEST_CASE("every engine has its own log") {
    std::vector<std::string> told;
    auto options = engine_options();
    options.log_user = &told;
    options.log_level = HS_LOG_INFO;
    options.log = [](void* user, std::int32_t, const char* text) {
        static_cast<std::vector<std::string>*>(user)->push_back(text);
    };
    hs_engine* loud = create(options);
    REQUIRE(told.size() == 1);
    CHECK(told[0].find("ONNX Runtime") != std::string::npos);
    hs_engine* quiet = create();
    CHECK(told.size() == 1);
    hs_engine_destroy(loud);
    hs_engine_destroy(quiet);
}
