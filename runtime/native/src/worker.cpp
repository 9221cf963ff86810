#include "worker.h"

#include <utility>

namespace hearsight {

bool Worker::add(std::shared_ptr<Job> job) {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (stopped_) {
        return false;
    }
    waiting_.push_back(std::move(job));
    changed_.notify_one();
    return true;
}

void Worker::stop() {
    {
        const std::lock_guard<std::mutex> hold(mutex_);
        stopped_ = true;
        if (running_) {
            running_->cancel();
        }
        for (const auto& job : waiting_) {
            job->cancel();
        }
        changed_.notify_one();
    }
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Worker::work() {
    for (;;) {
        std::shared_ptr<Job> job;
        {
            std::unique_lock<std::mutex> hold(mutex_);
            changed_.wait(hold, [this] { return stopped_ || !waiting_.empty(); });
            if (waiting_.empty()) {
                return;  // what waited when it was stopped was told so in its turn
            }
            job = std::move(waiting_.front());
            waiting_.pop_front();
            running_ = job;
        }
        job->run();
        const std::lock_guard<std::mutex> hold(mutex_);
        running_.reset();  // not the last holder: what a job frees, it frees without the lock
    }
}

}  // namespace hearsight
