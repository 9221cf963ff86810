#include "wording.h"

#include <algorithm>
#include <cctype>

namespace hearsight {

std::string in_short(const std::string& text) {
    constexpr std::size_t most_told = 500;
    std::string line;
    for (const char each : text) {
        const bool space = each == ' ' || (each >= '\t' && each <= '\r');  // in any locale
        if (!space) {
            line += each;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    while (!line.empty() && (line.back() == '.' || line.back() == ' ')) {
        line.pop_back();
    }
    if (line.size() > most_told) {
        std::size_t end = most_told;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) {
            --end;  // between characters of UTF-8, not within one
        }
        line.resize(end);
    }
    return line;
}

bool is_about_memory(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
    for (const char* mark :
         {"out of memory", "failed to allocate", "bad_alloc", "bad allocation"}) {
        if (text.find(mark) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace hearsight
