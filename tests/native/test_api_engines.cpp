// Engines: their options, their words and logs, and what they do when there is little left.

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "api.h"

using namespace api;

TEST_CASE("the version of the library is that of the header it was built with") {
    CHECK(hs_version() == HS_VERSION);
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

#ifndef _WIN32

TEST_CASE("a forked process is told that it has no engine, and does not wait for one") {
    Stage stage;
    const pid_t child = fork();
    if (child == 0) {
        alarm(20);  // it would wait for a thread that it does not have
        hs_engine* engine = nullptr;
        const auto options = engine_options();
        const bool refused = hs_engine_create(&options, &engine) == HS_USAGE &&
                             hs_bundle_close(stage.bundle) == HS_USAGE &&
                             hs_engine_destroy(stage.engine) == HS_USAGE &&
                             last_error().find("forked") != std::string::npos;
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

#endif

namespace {

// Calls the library when its thread ends, after the library's own words of that thread are gone.
struct Late {
    bool used = false;
    ~Late() {
        if (used) {
            refused = hs_bundle_close(garbage<hs_bundle>(2)) == HS_USAGE &&
                      hs_engine_error(nullptr, nullptr, 0) == 0;
        }
    }
    static std::atomic<bool> refused;
};

std::atomic<bool> Late::refused{false};

}  // namespace

TEST_CASE("what runs at the end of a thread may still call") {
    std::thread([] {
        static thread_local Late late;
        late.used = true;
        CHECK(hs_bundle_close(garbage<hs_bundle>(2)) == HS_USAGE);
        CHECK(hs_engine_error(nullptr, nullptr, 0) > 0);
    }).join();
    CHECK(Late::refused);
}

TEST_CASE("a log that throws harms nobody") {
    auto options = engine_options();
    options.log_level = HS_LOG_DEBUG;
    options.log = [](void*, std::int32_t, const char*) { throw 1; };
    hs_engine* engine = create(options);
    hs_bundle* bundle = open(engine);
    const Asked asked(5);
    CHECK(make(bundle, asked.request) == fresh(5));
    hs_bundle_close(bundle);
    CHECK(hs_engine_destroy(engine) == HS_OK);
}
