// Jobs: their order, their callbacks, and how they are stopped.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "api.h"

using namespace api;

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

TEST_CASE("callbacks that throw end their job at the most") {
    Stage stage;
    const Asked asked(5);
    auto callbacks = sized<hs_callbacks>();
    callbacks.finished = [](void*, const hs_progress*) { throw 1; };
    hs_job* job = start(stage.bundle, asked.request, &callbacks);
    CHECK(hs_job_wait(job, HS_FOREVER) == HS_OK);
    hs_job_free(job);
    callbacks.progress = [](void*, const hs_progress*) { throw std::string("no"); };
    job = start(stage.bundle, asked.request, &callbacks);
    CHECK(hs_job_wait(job, HS_FOREVER) == HS_INTERNAL);
    hs_job_free(job);
    CHECK(make(stage.bundle, asked.request) == fresh(5));
}
