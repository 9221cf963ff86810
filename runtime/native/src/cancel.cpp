#include "cancel.h"

#include "error.h"

namespace hearsight {

Cancel::Calling::Calling(Cancel& cancel, Action action) : cancel_(cancel) {
    const std::lock_guard lock(cancel_.mutex_);
    place_ = cancel_.actions_.insert(cancel_.actions_.end(), std::move(action));
    if (cancel_.cancelled()) {
        (*place_)();
    }
}

Cancel::Calling::~Calling() {
    const std::lock_guard lock(cancel_.mutex_);
    cancel_.actions_.erase(place_);
}

void Cancel::cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_.store(true, std::memory_order_release);
    for (const Action& action : actions_) {
        action();
    }
}

void Cancel::raise_if() const {
    if (cancelled()) {
        throw Error(Status::cancelled, "Stopped as asked.");
    }
}

}  // namespace hearsight
