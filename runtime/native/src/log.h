// Where an engine's remarks go, and the gate through which every callback of the host's is called.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "hearsight.h"

namespace hearsight {

// Callbacks run while someone is inside; once it is closed, nobody gets in, and nobody else is in.
// No lock is held meanwhile, so a callback may call whatever it likes.
class Gate {
  public:
    // A visit; `open` is false where the gate was closed, and the callback must not be called.
    class Visit {
      public:
        explicit Visit(Gate& gate);
        ~Visit();
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;

        const bool open;

      private:
        friend class Gate;

        Gate& gate_;
        const Visit* const around_;  // the visit of this thread that this one is within
    };

    // Waits for visits of other threads to end, not for this thread's own.
    void close();

    // Whether this thread is in a callback, of whatever engine or job.
    static bool inside();

  private:
    bool enter();
    void leave();

    std::mutex mutex_;
    std::condition_variable left_;
    std::size_t inside_ = 0;
    bool closed_ = false;
};

// The log of one engine. Any thread may write to it; ONNX Runtime's do, so nothing is thrown.
class Log {
  public:
    Log() = default;
    Log(hs_log_function function, void* user, std::int32_t level);

    void tell(std::int32_t level, const char* text) const noexcept;

    // No call is under way after this, and none will be made.
    void close() const { gate_.close(); }

  private:
    hs_log_function function_ = nullptr;
    void* user_ = nullptr;
    std::int32_t level_ = HS_LOG_WARNING;
    mutable Gate gate_;
};

}  // namespace hearsight
