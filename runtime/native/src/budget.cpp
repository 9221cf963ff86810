#include "budget.h"

namespace hearsight {

void Budget::take(const Key& key, std::uint64_t size, Close close) {
    const std::lock_guard<std::mutex> hold(mutex_);
    forget(key);
    open_.push_back({key, size, std::move(close)});
    if (limit_ != 0) {
        shrink(limit_, 1);
    }
}

void Budget::trim(std::uint64_t limit) {
    const std::lock_guard<std::mutex> hold(mutex_);
    shrink(limit, 0);
}

void Budget::give_back(const Key& key) {
    const std::lock_guard<std::mutex> hold(mutex_);
    forget(key);
}

void Budget::shrink(std::uint64_t limit, std::size_t kept) {
    std::uint64_t total = 0;
    for (const Open& each : open_) {
        total += each.size;
    }
    while (total > limit && open_.size() > kept) {
        total -= open_.front().size;
        open_.front().close();
        open_.pop_front();
    }
}

void Budget::forget(const Key& key) {
    open_.remove_if([&](const Open& each) { return each.key == key; });
}

}  // namespace hearsight
