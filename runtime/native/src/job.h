// A request being carried out: what the host sees of it from any thread while the worker makes it.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cancel.h"
#include "error.h"
#include "generator.h"
#include "hearsight.h"
#include "log.h"
#include "samples.h"

namespace hearsight {

// A take as the host holds it.
class HeldTake {
  public:
    HeldTake(const Memory& memory, const Take& take);

    // Points into this.
    hs_take_info info() const;

  private:
    Samples samples_;
    std::string notes_;
    hs_take_info info_{};
};

class Job {
  public:
    // `request` is resolved. The generator lives until the job has run.
    Job(std::shared_ptr<const Generator> generator, Request request, const Memory& memory,
        const hs_callbacks& callbacks);

    // In the worker thread, once: makes the takes and tells the host, and lets go of the generator.
    void run() noexcept;

    // From any thread. A job that still waits for its turn is finished at once.
    void cancel();

    hs_progress progress() const;

    // HS_RUNNING after so many milliseconds, or how it ended.
    hs_status wait(std::uint32_t milliseconds) const;

    // Null where there is none, yet or ever.
    std::shared_ptr<const HeldTake> take(std::uint32_t index) const;

    std::string error() const;

    std::uint32_t variations() const { return request_.variations; }

    // No callback is under way after this, but one that this thread is in, and none will be made.
    void silence() { gate_.close(); }

  private:
    void advance(const char* stage, std::int64_t done, std::int64_t total);
    void keep(const Take& take);
    void end(hs_status status, std::string text) noexcept;
    void make();

    std::shared_ptr<const Generator> generator_;
    const Request request_;
    const Memory memory_;
    const hs_callbacks callbacks_;
    Cancel cancel_;
    Gate gate_;

    mutable std::mutex mutex_;  // of all below
    mutable std::condition_variable ended_;
    bool begun_ = false;
    hs_progress progress_{};
    std::string error_;
    std::vector<std::shared_ptr<const HeldTake>> takes_;
};

}  // namespace hearsight
