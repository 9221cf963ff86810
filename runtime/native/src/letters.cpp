#include "letters.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace hearsight {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

struct Run {
    char32_t first;
    char32_t last;
    std::uint32_t stride;
    std::int32_t away;
};

#include "letters.inc"

constexpr char32_t unknown = 0xFFFD;

// The last entry that begins at a character or before it; null where all begin after it.
template <typename Entry, std::size_t size>
const Entry* at(const Entry (&table)[size], char32_t each) {
    const auto after =
        std::upper_bound(std::begin(table), std::end(table), each,
                         [](char32_t value, const Entry& entry) { return value < entry.first; });
    return after == std::begin(table) ? nullptr : after - 1;
}

char32_t lower(char32_t each) {
    const Run* run = at(capitals, each);
    if (!run || each > run->last || (each - run->first) % run->stride != 0) {
        return each;
    }
    return static_cast<char32_t>(static_cast<std::int32_t>(each) + run->away);
}

// What a word may hold between its letters.
bool is_within(char32_t each) {
    return each == U'\'' || each == 0x2019 || (each >= 0x300 && each <= 0x36F);
}

// Whether a sigma at `place` is the last letter of a word of several: it has a form of its own.
bool is_final(std::u32string_view text, std::size_t place) {
    std::size_t before = place, after = place + 1;
    while (before > 0 && is_within(text[before - 1])) {
        --before;
    }
    while (after < text.size() && is_within(text[after])) {
        ++after;
    }
    return before > 0 && is_alphanumeric(text[before - 1]) &&
           !(after < text.size() && is_alphanumeric(text[after]));
}

}  // namespace

std::u32string decoded(std::string_view text) {
    std::u32string made;
    for (std::size_t next = 0; next < text.size();) {
        const auto lead = static_cast<unsigned char>(text[next++]);
        const std::size_t more = lead < 0xC2 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        char32_t each = lead < 0x80 ? lead : more == 0 ? unknown : lead & (0x3FU >> more);
        if (text.size() - next < more) {
            each = unknown;
        } else {
            for (std::size_t i = 0; i < more; ++i, ++next) {
                each = each << 6 | (static_cast<unsigned char>(text[next]) & 0x3FU);
            }
        }
        made += each;
    }
    return made;
}

std::string encoded(std::u32string_view text) {
    std::string made;
    for (const char32_t each : text) {
        const int more = each < 0x80 ? 0 : each < 0x800 ? 1 : each < 0x10000 ? 2 : 3;
        constexpr unsigned lead[] = {0, 0xC0, 0xE0, 0xF0};
        made += static_cast<char>(lead[more] | each >> (6 * more));
        for (int rest = more - 1; rest >= 0; --rest) {
            made += static_cast<char>(0x80U | (each >> (6 * rest) & 0x3FU));
        }
    }
    return made;
}

bool is_alphanumeric(char32_t each) {
    const Range* range = at(letters, each);
    return range && each <= range->last;
}

bool is_space(char32_t each) {
    return each == U' ' || (each >= 0x09 && each <= 0x0D) || (each >= 0x1C && each <= 0x1F) ||
           each == 0x85 || each == 0xA0 || each == 0x1680 || (each >= 0x2000 && each <= 0x200A) ||
           each == 0x2028 || each == 0x2029 || each == 0x202F || each == 0x205F || each == 0x3000;
}

std::u32string lowered(std::u32string_view text) {
    std::u32string made;
    for (std::size_t place = 0; place < text.size(); ++place) {
        if (text[place] == 0x130) {
            made += U"i\u0307";  // the one letter that becomes two
        } else if (text[place] == 0x3A3 && is_final(text, place)) {
            made += U'\u03C2';
        } else {
            made += lower(text[place]);
        }
    }
    return made;
}

}  // namespace hearsight
