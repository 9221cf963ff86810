#include "budget.h"

namespace hearsight {

void Budget::take(const Key& key, std::uint64_t size, Close close) {
    const std::lock_guard<std::mutex> hold(mutex_);
    forget(key);
    open_.push_back({key, size, std::move(close)});
    if (limit_ == 0) {
        return;
    }
    std::uint64_t total = 0;
    for (const Open& each : open_) {
        total += each.size;
    }
    while (total > limit_ && open_.size() > 1) {
        total -= open_.front().size;
        open_.front().close();
        open_.pop_front();
    }
}

void Budget::give_back(const Key& key) {
    const std::lock_guard<std::mutex> hold(mutex_);
    forget(key);
}

void Budget::forget(const Key& key) {
    open_.remove_if([&](const Open& each) { return each.key == key; });
}

}  // namespace hearsight
