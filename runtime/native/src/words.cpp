#include "words.h"

#include <algorithm>
#include <string_view>

#include "error.h"
#include "files.h"
#include "letters.h"
#include "request.h"

namespace hearsight {

Words read_words(const std::filesystem::path& path) {
    std::string listed;
    try {
        listed = read_file(path);
    } catch (const Error& problem) {
        throw Error(Status::bundle, problem.what());
    }
    if (!is_text(listed)) {
        throw Error(Status::bundle, shown(path) + " cannot be read as words: it is no UTF-8.");
    }
    const std::u32string text = decoded(listed);
    Words words;
    for (auto next = text.begin(); next != text.end();) {
        next = std::find_if_not(next, text.end(), is_space);
        const auto end = std::find_if(next, text.end(), is_space);
        if (next != end) {
            words.insert(encoded({&*next, static_cast<std::size_t>(end - next)}));
        }
        next = end;
    }
    return words;
}

std::vector<std::string> unknown_words(const std::string& text, const Words& known) {
    std::u32string read = lowered(decoded(text));
    std::replace(read.begin(), read.end(), U'\u2019', U'\'');
    std::vector<std::string> found;
    for (std::size_t at = 0; at < read.size();) {
        if (!is_alphanumeric(read[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        // An apostrophe belongs to a word when letters follow it.
        while (end < read.size() &&
               (is_alphanumeric(read[end]) ||
                (read[end] == U'\'' && end + 1 < read.size() && is_alphanumeric(read[end + 1])))) {
            ++end;
        }
        const std::string word = encoded(std::u32string_view(read).substr(at, end - at));
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
