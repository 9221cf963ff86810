// A wish to stop, made in one thread and met in another, within one step of the model.

#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <utility>

namespace hearsight {

// A token is used for one piece of work. Any thread may call any of it, any number of times, but no
// signal handler: it locks.
class Cancel {
  public:
    using Action = std::function<void()>;

    // While it lives, `cancel` also calls an action, at once if it was called before. No call is
    // under way when the destructor returns, so the action may use what dies after it.
    class Calling {
      public:
        Calling(Cancel& cancel, Action action);
        ~Calling();
        Calling(const Calling&) = delete;
        Calling& operator=(const Calling&) = delete;

      private:
        Cancel& cancel_;
        std::list<Action>::iterator place_;
    };

    // Ask to stop, for good.
    void cancel();

    // Whether someone asked to stop.
    bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

    // Throws Error (cancelled) if someone asked to stop.
    void raise_if() const;

    // This is how a running graph is told: `auto told = cancel.calling(terminate); run(...);`.
    // The action must not throw, nor come back to this token; it may be called several times.
    [[nodiscard]] Calling calling(Action action) { return Calling(*this, std::move(action)); }

  private:
    std::atomic<bool> cancelled_{false};
    std::mutex mutex_;  // of the actions, held while they are called
    std::list<Action> actions_;
};

}  // namespace hearsight
