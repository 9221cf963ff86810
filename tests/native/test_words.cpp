// Words that a model has never met are told in the words of the Python player, in every script.

#include "words.h"

#include <filesystem>
#include <string>

#include "broken.h"
#include "letters.h"
#include "vectors.h"

using namespace hearsight;

namespace {

Words listed(const std::string& content) {
    const broken::Folder folder;
    broken::write(folder.path / "words.txt", content);
    return read_words(folder.path / "words.txt");
}

}  // namespace

TEST_CASE("words are told apart, lowered and known as Python does it") {
    const Words known = listed("rain dog\xC2\xA0heavy\n\xC3\xA9"
                               "cho\xE3\x80\x80");
    CHECK(known.size() == 4);
    for (const auto& one : vectors::part("words")) {
        CAPTURE(one.dump());
        CHECK(unknown_words(one.at("text"), known) ==
              one.at("unknown").get<std::vector<std::string>>());
    }
}

TEST_CASE("a vocabulary that is no text is refused") {
    const auto read = [](const std::string& content) {
        return vectors::refusal(Status::bundle, [&] { listed(content); });
    };
    CHECK(read("rain\xff").find("cannot be read as words") != std::string::npos);
    CHECK(vectors::refusal(Status::bundle, [] {
              read_words("/nowhere/words.txt");
          }).find("cannot be read") != std::string::npos);
}

TEST_CASE("characters come out of UTF-8 as they went in, and broken ones harm nothing") {
    const std::string text = "a\xC3\xA9\xE3\x80\x80\xF0\x9F\x8C\xA7";
    CHECK(decoded(text) == U"a\u00E9\u3000\U0001F327");
    CHECK(encoded(decoded(text)) == text);
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        CHECK(decoded(text.substr(0, cut)).size() <= cut);
    }
    CHECK(decoded("\xff\x80") == U"\uFFFD\uFFFD");
}
