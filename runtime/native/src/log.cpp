#include "log.h"

#include <algorithm>

namespace hearsight {
namespace {

thread_local int depth = 0;

}  // namespace

Gate::Visit::Visit(Gate& gate) : open(gate.enter()), gate_(gate) {
    depth += open;
}

Gate::Visit::~Visit() {
    if (open) {
        --depth;
        gate_.leave();
    }
}

bool Gate::inside() {
    return depth > 0;
}

bool Gate::enter() {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (!closed_) {
        inside_.push_back(std::this_thread::get_id());
    }
    return !closed_;
}

void Gate::leave() {
    const std::lock_guard<std::mutex> hold(mutex_);
    inside_.erase(std::find(inside_.begin(), inside_.end(), std::this_thread::get_id()));
    left_.notify_all();
}

void Gate::close() {
    const auto here = std::this_thread::get_id();
    std::unique_lock<std::mutex> hold(mutex_);
    closed_ = true;
    left_.wait(hold, [&] {
        return std::all_of(inside_.begin(), inside_.end(), [&](auto id) { return id == here; });
    });
}

Log::Log(hs_log_function function, void* user, std::int32_t level)
    : function_(function), user_(user), level_(level) {
}

void Log::tell(std::int32_t level, const std::string& text) const {
    if (!function_ || level > level_) {
        return;
    }
    const Gate::Visit visit(gate_);
    if (visit.open) {
        function_(user_, level, text.c_str());
    }
}

}  // namespace hearsight
