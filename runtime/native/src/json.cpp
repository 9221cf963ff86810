#include "json.h"

#include <set>
#include <utility>
#include <vector>

#include "error.h"

namespace hearsight {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongest = 60;

using Entries = std::vector<std::pair<std::string, Json>>;  // of an array the keys are empty

// Takes out of a value what is nested in it.
void let_go(Json& value) {
    if (value.is_array()) {
        auto& entries = value.get_ref<Json::array_t&>();
        for (Json& each : entries) {
            let_go(each);
        }
        entries.clear();
    } else if (value.is_object()) {
        auto& entries = value.get_ref<Json::object_t&>();
        for (auto& each : entries) {
            let_go(each.second);
        }
        entries.clear();
    }
}

// Builds the value from the parser's events, so that what is refused is refused while reading. No
// memory is asked for while a value with something nested in it is on its way, see Document.
class Builder final : public nlohmann::json_sax<Json> {
  public:
    Document value;
    std::string refusal;

    Builder() = default;
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;
    ~Builder() override {
        for (Open& each : open_) {
            for (auto& entry : each.entries) {
                let_go(entry.second);
            }
        }
    }

    bool null() override { return add(nullptr); }
    bool boolean(bool said) override { return add(said); }
    bool number_integer(number_integer_t said) override { return add(said); }
    bool number_unsigned(number_unsigned_t said) override { return add(said); }
    bool number_float(number_float_t said, const string_t&) override { return add(said); }
    bool string(string_t& said) override { return add(std::move(said)); }
    bool binary(binary_t&) override { return refuse("binary data"); }

    bool start_object(std::size_t) override { return open(); }
    bool end_object() override {
        return close(Json::object(), [](Json& made, Entries& entries) {
            auto& into = made.get_ref<Json::object_t&>();
            into.reserve(entries.size());
            for (auto& [key, inside] : entries) {
                into.emplace_back(std::move(key), std::move(inside));
            }
        });
    }
    bool start_array(std::size_t) override { return open(); }
    bool end_array() override {
        return close(Json::array(), [](Json& made, Entries& entries) {
            auto& into = made.get_ref<Json::array_t&>();
            into.reserve(entries.size());
            for (auto& entry : entries) {
                into.push_back(std::move(entry.second));
            }
        });
    }

    bool key(string_t& said) override {
        if (!open_.back().keys.insert(said).second) {
            return refuse("the key " + excerpt(said) + " is given twice");
        }
        open_.back().key = std::move(said);
        return true;
    }

    bool parse_error(std::size_t at, const std::string&,
                     const nlohmann::detail::exception& problem) override {
        const std::string said = problem.what();
        // "[json.exception.parse_error.101] parse error at line 1, column 2: ...": their number
        // is for programmers.
        const std::size_t start = said.find("] ");
        return refuse(start == std::string::npos ? "stopped at byte " + std::to_string(at)
                                                 : said.substr(start + 2));
    }

  private:
    // An array or object that is not yet complete, and the key whose value comes next.
    struct Open {
        Entries entries;
        std::string key;
        std::set<std::string> keys;
    };

    bool refuse(std::string reason) {
        refusal = std::move(reason);
        return false;
    }

    template <typename T>
    bool add(T&& said) {
        if (!open_.empty()) {
            make_room();
        }
        place(Json(std::forward<T>(said)));
        return true;
    }

    bool open() {
        if (open_.size() == kDeepest) {
            return refuse("nested too deeply");
        }
        if (!open_.empty()) {
            make_room();
        }
        open_.emplace_back();
        return true;
    }

    template <typename Fill>
    bool close(Json made, Fill fill) {
        fill(made, open_.back().entries);
        open_.pop_back();
        place(std::move(made));
        return true;
    }

    // For one more entry of the innermost.
    void make_room() {
        Entries& entries = open_.back().entries;
        if (entries.size() == entries.capacity()) {
            entries.reserve(2 * entries.size() + 4);
        }
    }

    void place(Json said) noexcept {
        if (open_.empty()) {
            static_cast<Json&>(value) = std::move(said);
        } else {
            open_.back().entries.emplace_back(std::move(open_.back().key), std::move(said));
        }
    }

    std::vector<Open> open_;
};

}  // namespace

Document::~Document() {
    let_go(*this);
}

Document parse_json(std::string_view text, const std::string& where) {
    const auto refuse = [&where](const std::string& reason) {
        throw Error(Status::bundle, where + " is not valid JSON: " + reason + ".");
    };
    // The parser would take the one for the end of the text, and skip the other.
    if (text.find('\0') != std::string_view::npos) {
        refuse("it holds a zero byte");
    }
    if (text.substr(0, 3) == "\xef\xbb\xbf") {
        refuse("it begins with a byte order mark");
    }
    Builder builder;
    if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
        refuse(builder.refusal);
    }
    return std::move(builder.value);
}

std::string excerpt(const Json& value) {
    std::string text;
    std::size_t characters = 0;
    std::size_t cut = std::string::npos;
    bool inside = false;   // a string
    bool escaped = false;  // by the character before
    const auto add = [&](char c) {
        const bool starts = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        if (starts && characters++ == kLongest - 3) {
            cut = text.size();
        }
        text += c;
    };
    for (const char c : value.dump()) {
        if (characters > kLongest) {
            return text.substr(0, cut) + "...";
        }
        add(c);
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        if (!inside && (c == ',' || c == ':')) {
            add(' ');
        }
    }
    return characters > kLongest ? text.substr(0, cut) + "..." : text;
}

std::string plain(std::string_view text) {
    std::string shown;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            shown += "\\u00";
            shown += "0123456789abcdef"[c >> 4];
            shown += "0123456789abcdef"[c & 15];
        } else {
            shown += c;
        }
    }
    return shown;
}

}  // namespace hearsight
