// Memory: where takes lie, and what happens at any moment at which there is no more.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>

#include "api.h"

using namespace api;

namespace {

constexpr int never = -1;

// After so many more pieces of memory there is none for this thread.
thread_local int left = never;

// Runs `work`, which gives a status, with memory that ends before its first piece, then before its
// second, and so on until it lasts. HS_OK, and what it was told to be then, must come of it once.
template <typename Work>
void at_every_moment(Work work) {
    // The first moments one by one; of thousands alike, while a manifest is read, not all.
    for (int moment = 0;; moment += 1 + moment / 50) {
        left = moment;
        const hs_status status = work();
        const bool ended = left == 0;
        left = never;
        if (!ended) {
            CHECK(status == HS_OK);
            CHECK(moment > 0);
            return;
        }
        CHECK((status == HS_OK || status == HS_DEVICE));
    }
}

}  // namespace

void* operator new(std::size_t size) {
    if (left == 0) {
        throw std::bad_alloc();
    }
    left -= left > 0 ? 1 : 0;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

TEST_CASE("when memory ends at any moment, a call says so and leaves nothing behind") {
    Stage stage;  // holds ONNX Runtime, so that no call below gets as far as that
    auto options = engine_options();
    at_every_moment([&] {
        hs_engine* engine = nullptr;
        const hs_status status = hs_engine_create(&options, &engine);
        CHECK((engine != nullptr) == (status == HS_OK));
        hs_engine_destroy(engine);
        return status;
    });
    auto which = sized<hs_bundle_options>();
    which.folder = micro;
    at_every_moment([&] {
        hs_bundle* bundle = nullptr;
        const hs_status status = hs_bundle_open(stage.engine, &which, &bundle);
        CHECK((bundle != nullptr) == (status == HS_OK));
        hs_bundle_close(bundle);
        return status;
    });
    const Asked asked(3);
    auto memory = sized<hs_memory>();
    at_every_moment([&] { return hs_estimate(stage.engine, &which, &asked.request, &memory); });
    hs_job* job = start(stage.bundle, asked.request);
    REQUIRE(hs_job_wait(job, HS_FOREVER) == HS_OK);
    at_every_moment([&] {
        hs_take* take = nullptr;
        const hs_status status = hs_job_result(job, 0, &take);
        CHECK((take != nullptr) == (status == HS_OK));
        hs_take_free(take);
        return status;
    });
    hs_job_free(job);
}

TEST_CASE("a job that there was no memory for is never heard of") {
    Stage stage;
    const Asked asked(3, 1);
    std::atomic<int> heard{0};
    auto callbacks = sized<hs_callbacks>();
    callbacks.user = &heard;
    callbacks.progress = [](void* user, const hs_progress*) {
        ++*static_cast<std::atomic<int>*>(user);
    };
    callbacks.finished = callbacks.progress;
    at_every_moment([&] {
        const int before = heard;
        hs_job* job = nullptr;
        const hs_status status = hs_job_start(stage.bundle, &asked.request, &callbacks, &job);
        const int left_then = left;
        left = never;
        hs_job_free(job);
        if (status != HS_OK) {
            CHECK(job == nullptr);
            make(stage.bundle, asked.request);  // jobs run in order, so the other would be done
            CHECK(heard == before);
        }
        left = left_then;
        return status;
    });
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

TEST_CASE("an engine that is trimmed gives its graphs back, and opens them again") {
    // Weights of graphs that run once a sound are mapped from their files while they are open.
    const auto mapped = [] {
        std::ifstream maps("/proc/self/maps");
        int found = 0;
        for (std::string line; std::getline(maps, line);) {
            found += line.find("/micro/micro/") != std::string::npos;
        }
        return found;
    };
    const bool tells = std::ifstream("/proc/self/maps").good();
    Stage stage;
    const Asked asked(3);
    const auto first = make(stage.bundle, asked.request);
    CHECK(mapped() > (tells ? 0 : -1));
    CHECK(hs_engine_trim(stage.engine, std::uint64_t{1} << 40) == HS_OK);
    CHECK(mapped() > (tells ? 0 : -1));
    CHECK(hs_engine_trim(stage.engine, 0) == HS_OK);
    CHECK(mapped() == 0);
    CHECK(make(stage.bundle, asked.request) == first);
    const Asked endless(3, 900);
    hs_job* job = start(stage.bundle, endless.request);
    for (int count = 0; count < 20; ++count) {
        CHECK(hs_engine_trim(stage.engine, 0) == HS_OK);
    }
    CHECK(hs_job_cancel(job) == HS_OK);
    CHECK(hs_job_wait(job, HS_FOREVER) == HS_CANCELLED);
    hs_job_free(job);
    CHECK(make(stage.bundle, asked.request) == first);
}
