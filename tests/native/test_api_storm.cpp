// Many times, and many at once.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "api.h"

using namespace api;

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
    struct Countdown {
        std::atomic<hs_job*> job{nullptr};
        std::atomic<std::uint32_t> step{0};
    } due;
    auto callbacks = sized<hs_callbacks>();
    callbacks.user = &due;
    callbacks.progress = [](void* user, const hs_progress* now) {
        auto& told = *static_cast<Countdown*>(user);
        while (!told.job) {
            std::this_thread::yield();
        }
        if (now->stage == HS_STAGE_DENOISE && now->done == told.step) {
            hs_job_cancel(told.job);
        }
    };
    int cancelled = 0;
    for (int count = 0; count < times(1000); ++count) {
        const bool within = count % 2 == 0;  // from the job's own callback, else from here
        due.job = nullptr;
        due.step = static_cast<std::uint32_t>(random() % 60);
        hs_job* job = start(stage.bundle, asked.request, within ? &callbacks : nullptr);
        due.job = job;
        const auto until =
            std::chrono::steady_clock::now() + std::chrono::microseconds(moment(random));
        while (!within && std::chrono::steady_clock::now() < until) {
            std::this_thread::yield();  // sleeping ends too late
        }
        if (!within) {
            hs_job_cancel(job);
        }
        const hs_status status = hs_job_wait(job, HS_FOREVER);
        REQUIRE((status == HS_CANCELLED || (status == HS_OK && !within)));
        cancelled += status == HS_CANCELLED;
        hs_job_free(job);
    }
    CHECK(cancelled >= times(1000) / 2);
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
