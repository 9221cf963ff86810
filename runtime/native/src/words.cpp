#include "words.h"

#include <algorithm>
#include <sstream>

#include "files.h"

namespace hearsight {
namespace {

// Length in bytes of a mark that separates words, beyond ASCII: spaces, dashes, quotes and the
// like of Latin-1, general punctuation and CJK; 0 where there is none.
std::size_t mark_at(const std::string& text, std::size_t at) {
    const auto byte = [&](std::size_t place) {
        return place < text.size() ? static_cast<unsigned char>(text[place]) : 0U;
    };
    if (byte(at) == 0xC2) {
        return 2;  // U+0080 to U+00BF
    }
    const bool punctuation = byte(at) == 0xE2 && (byte(at + 1) == 0x80 || byte(at + 1) == 0x81);
    return punctuation || (byte(at) == 0xE3 && byte(at + 1) == 0x80) ? 3 : 0;
}

bool is_letter(char each) {
    return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') ||
           static_cast<unsigned char>(each) >= 0x80;
}

// In ASCII lower case, typographic apostrophes as typed ones, other marks as spaces.
std::string plain(const std::string& text) {
    std::string made;
    for (std::size_t at = 0; at < text.size();) {
        if (text.compare(at, 3, "\xE2\x80\x99") == 0) {
            made += '\'';
            at += 3;
        } else if (const std::size_t length = mark_at(text, at)) {
            made += ' ';
            at += length;
        } else {
            const char each = text[at++];
            made += each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
        }
    }
    return made;
}

}  // namespace

Words read_words(const std::filesystem::path& path) {
    std::istringstream listed(read_file(path));
    Words words;
    for (std::string word; listed >> word;) {
        words.insert(std::move(word));
    }
    return words;
}

std::vector<std::string> unknown_words(const std::string& text, const Words& known) {
    const std::string read = plain(text);
    std::vector<std::string> found;
    for (std::size_t at = 0; at < read.size();) {
        if (!is_letter(read[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        // An apostrophe belongs to a word when letters follow it.
        while (end < read.size() &&
               (is_letter(read[end]) ||
                (read[end] == '\'' && end + 1 < read.size() && is_letter(read[end + 1])))) {
            ++end;
        }
        const std::string word = read.substr(at, end - at);
        const bool of_it = word.size() > 2 && word.compare(word.size() - 2, 2, "'s") == 0;
        const std::string stem = of_it ? word.substr(0, word.size() - 2) : word;
        if (!known.count(word) && !known.count(stem) &&
            std::find(found.begin(), found.end(), word) == found.end()) {
            found.push_back(word);
        }
        at = end;
    }
    return found;
}

}  // namespace hearsight
