#include "pieces.h"

#include <algorithm>

namespace hearsight {
namespace {

// As runtime/hearsight/pieces.py has them, where the reasons are.
constexpr std::int64_t times_reach = 24;
constexpr std::int64_t shortest_reach = 16;

std::int64_t divide_up(std::int64_t value, std::int64_t by) {
    return (value + by - 1) / by;
}

}  // namespace

std::vector<Piece> pieces(std::int64_t frames, std::int64_t reach) {
    reach = std::min(reach, frames);  // all is all, and small enough to be multiplied
    const std::int64_t total =
        std::max<std::int64_t>(1, divide_up(frames, times_reach * std::max(reach, shortest_reach)));
    const std::int64_t size = divide_up(frames, total);
    const std::int64_t run = std::min(frames, size + 2 * reach);
    std::vector<Piece> found;
    for (std::int64_t index = 0; index < total; ++index) {
        const std::int64_t start = std::min(index * size, frames);
        const std::int64_t end = std::min(start + size, frames);
        const std::int64_t first = std::min(std::max<std::int64_t>(start - reach, 0), frames - run);
        found.push_back({start, end, first, first + run});
    }
    return found;
}

}  // namespace hearsight
