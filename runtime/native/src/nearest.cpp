#include "nearest.h"

#include <algorithm>

namespace hearsight {
namespace {

constexpr double kClose = 0.55;
constexpr std::size_t kLongest = 64;  // no known word is as long

// Characters that both words have in the same order by the Ratcliff-Obershelp measure: those of
// the longest common piece, and of what lies before and after it in both.
std::size_t shared(std::string_view a, std::string_view b) {
    std::size_t from_a = 0, from_b = 0, longest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < b.size(); ++j) {
            std::size_t size = 0;
            while (i + size < a.size() && j + size < b.size() && a[i + size] == b[j + size]) {
                ++size;
            }
            if (size > longest) {
                from_a = i;
                from_b = j;
                longest = size;
            }
        }
    }
    if (longest == 0) {
        return 0;
    }
    return longest + shared(a.substr(0, from_a), b.substr(0, from_b)) +
           shared(a.substr(from_a + longest), b.substr(from_b + longest));
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string_view>& known) {
    if (word.empty() || word.size() > kLongest) {
        return {};
    }
    std::string_view best;
    double most = kClose;
    for (const std::string_view each : known) {
        const double both = static_cast<double>(each.size() + word.size());
        const double likeness = 2 * static_cast<double>(shared(each, word)) / both;
        if (likeness > most || (likeness == most && (best.empty() || each > best))) {
            most = likeness;
            best = each;
        }
    }
    return best.empty() ? std::string() : " (did you mean \"" + std::string(best) + "\"?)";
}

}  // namespace hearsight
