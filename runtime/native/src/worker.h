// The one thread of an engine in which its jobs run, in the order in which they came.

#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "job.h"

namespace hearsight {

class Worker {
  public:
    Worker() : thread_([this] { work(); }) {}
    ~Worker() { stop(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // False where the worker was stopped; the job will not run.
    bool add(std::shared_ptr<Job> job);

    // Cancels every job and waits for the thread to end. By one thread, and not by the worker.
    void stop();

  private:
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<Job>> waiting_;
    std::shared_ptr<Job> running_;
    bool stopped_ = false;
    std::thread thread_;  // last: it uses all above
};

}  // namespace hearsight
