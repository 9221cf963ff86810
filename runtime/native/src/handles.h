// What the C API's handles stand for. A handle is never looked behind, only looked up, so one that
// was given back, or never was one, is found out.

#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace hearsight {

// The living objects of one kind. `Handle` is the C API's incomplete type, `kind` a number from 1
// to 7, different for every kind, so that a handle of one is none of another.
template <typename Handle, typename Object, unsigned kind>
class Handles {
  public:
    Handle* add(std::shared_ptr<Object> object) {
        const std::lock_guard<std::mutex> hold(mutex_);
        std::uintptr_t number = 0;
        do {  // numbers come back after all others only, in a process of 32 bits
            number = (++last_ << 3) | kind;
        } while (living_.count(number) != 0);
        living_.emplace(number, std::move(object));
        return reinterpret_cast<Handle*>(number);
    }

    // Null where the handle is none.
    std::shared_ptr<Object> find(const Handle* handle) const {
        const std::lock_guard<std::mutex> hold(mutex_);
        const auto found = living_.find(reinterpret_cast<std::uintptr_t>(handle));
        return found == living_.end() ? nullptr : found->second;
    }

    // What `find` gives, which from now on it does not any more.
    std::shared_ptr<Object> take(const Handle* handle) {
        const std::lock_guard<std::mutex> hold(mutex_);
        const auto found = living_.find(reinterpret_cast<std::uintptr_t>(handle));
        if (found == living_.end()) {
            return nullptr;
        }
        auto object = std::move(found->second);
        living_.erase(found);
        return object;
    }

  private:
    mutable std::mutex mutex_;
    std::uintptr_t last_ = 0;
    std::unordered_map<std::uintptr_t, std::shared_ptr<Object>> living_;
};

}  // namespace hearsight
