#include "log.h"

#include "failure.h"

namespace hearsight {
namespace {

thread_local const Gate::Visit* innermost = nullptr;

}  // namespace

Gate::Visit::Visit(Gate& gate) : open(gate.enter()), gate_(gate), around_(innermost) {
    if (open) {
        innermost = this;
    }
}

Gate::Visit::~Visit() {
    if (open) {
        innermost = around_;
        gate_.leave();
    }
}

bool Gate::inside() {
    return innermost != nullptr;
}

bool Gate::enter() {
    const std::lock_guard<std::mutex> hold(mutex_);
    inside_ += closed_ ? 0 : 1;
    return !closed_;
}

void Gate::leave() {
    const std::lock_guard<std::mutex> hold(mutex_);
    --inside_;
    left_.notify_all();
}

void Gate::close() {
    std::size_t own = 0;
    for (const Visit* each = innermost; each; each = each->around_) {
        own += &each->gate_ == this ? 1 : 0;
    }
    std::unique_lock<std::mutex> hold(mutex_);
    closed_ = true;
    left_.wait(hold, [&] { return inside_ == own; });
}

Log::Log(hs_log_function function, void* user, std::int32_t level)
    : function_(function), user_(user), level_(level) {
}

void Log::tell(std::int32_t level, const char* text) const noexcept {
    if (!function_ || level > level_) {
        return;
    }
    const Gate::Visit visit(gate_);
    if (visit.open) {
        attempt([&] { function_(user_, level, text); });  // a host in C++ may throw
    }
}

}  // namespace hearsight
