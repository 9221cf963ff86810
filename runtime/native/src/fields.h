// Reading parsed JSON into structs, where nothing is converted and no key may be unknown.

#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "json.h"
#include "nearest.h"

namespace hearsight {

// What the enum E's values are called in JSON, in order; specialised beside each enum's reader.
template <typename E>
const std::vector<std::string>& names();

// A value's place below the top of the document, spelled out only when something is wrong.
struct Place {
    const Place* parent = nullptr;
    std::string_view key = {};
    std::size_t index = 0;

    std::string text() const {
        if (parent == nullptr) {
            return {};
        }
        const std::string before = parent->text();
        if (key.data() == nullptr) {
            return before + "[" + std::to_string(index) + "]";
        }
        return before.empty() ? std::string(key) : before + "." + std::string(key);
    }

    // ` in graphs.text`, or nothing at the top.
    std::string inside() const {
        const std::string where = text();
        return where.empty() ? where : " in " + where;
    }
};

// The first of each kind of flaw. Reading goes on after one, because an unknown key, mostly a
// known one misspelt, explains more than the lack of the known one.
struct Flaws {
    std::string unknown;
    std::string key;
    std::string other;

    static void note(std::string& kind, std::string flaw) {
        if (kind.empty()) {
            kind = std::move(flaw);
        }
    }

    void unfit(const Json& value, const Place& place, const std::string& wanted) {
        if (other.empty()) {
            const std::string where = place.text();
            other = ": " + (where.empty() ? "the top level" : where) + " is " + excerpt(value) +
                    "; it should be " + wanted;
        }
    }

    // What follows the name of the document, without the full stop; empty if all is well.
    const std::string& first() const {
        return !unknown.empty() ? unknown : !key.empty() ? key : other;
    }
};

inline void read(const Json& value, const Place& place, Flaws& flaws, std::string& into) {
    if (value.is_string()) {
        into = value.get_ref<const std::string&>();
    } else {
        flaws.unfit(value, place, "a valid string");
    }
}

inline void read(const Json& value, const Place& place, Flaws& flaws, bool& into) {
    if (value.is_boolean()) {
        into = value.get<bool>();
    } else {
        flaws.unfit(value, place, "a valid boolean");
    }
}

inline bool is_int64(const Json& value) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return value.is_number_integer() &&
           (!value.is_number_unsigned() || value.get<std::uint64_t>() <= most);
}

inline void read(const Json& value, const Place& place, Flaws& flaws, std::int64_t& into) {
    if (is_int64(value)) {
        into = value.get<std::int64_t>();
    } else {
        flaws.unfit(value, place, "a valid integer");
    }
}

inline void read(const Json& value, const Place& place, Flaws& flaws, double& into) {
    if (value.is_number()) {
        into = value.get<double>();
    } else {
        flaws.unfit(value, place, "a valid number");
    }
}

inline void read(const Json& value, const Place& place, Flaws& flaws,
                 std::variant<std::int64_t, std::string>& into) {
    if (is_int64(value)) {
        into = value.get<std::int64_t>();
    } else if (value.is_string()) {
        into = value.get_ref<const std::string&>();
    } else {
        flaws.unfit(value, place, "a valid integer");
    }
}

// The index of `text` among the names of E, or nothing.
template <typename E>
std::optional<E> named(std::string_view text) {
    const std::vector<std::string>& known = names<E>();
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (known[i] == text) {
            return static_cast<E>(i);
        }
    }
    return std::nullopt;
}

template <typename E, std::enable_if_t<std::is_enum_v<E>, int> = 0>
void read(const Json& value, const Place& place, Flaws& flaws, E& into) {
    if (value.is_string()) {
        if (const auto said = named<E>(value.get_ref<const std::string&>())) {
            into = *said;
            return;
        }
    }
    const std::vector<std::string>& known = names<E>();
    std::string all = "'" + known.front() + "'";
    for (std::size_t i = 1; i < known.size(); ++i) {
        all += (i + 1 == known.size() ? " or '" : ", '") + known[i] + "'";
    }
    flaws.unfit(value, place, all);
}

template <typename T>
void read(const Json& value, const Place& place, Flaws& flaws, std::vector<T>& into) {
    if (!value.is_array()) {
        flaws.unfit(value, place, "a valid array");
        return;
    }
    into.resize(value.size());
    for (std::size_t i = 0; i < into.size(); ++i) {
        read(value[i], Place{&place, {}, i}, flaws, into[i]);
    }
}

template <typename T>
void read(const Json& value, const Place& place, Flaws& flaws, std::optional<T>& into) {
    if (!value.is_null()) {
        read(value, place, flaws, into.emplace());
    }
}

// An object whose keys are its own choice, or are the names of an enum.
template <typename Key, typename T>
void read(const Json& value, const Place& place, Flaws& flaws,
          std::vector<std::pair<Key, T>>& into) {
    if (!value.is_object()) {
        flaws.unfit(value, place, "an object");
        return;
    }
    for (const auto& [key, inside] : value.get_ref<const Json::object_t&>()) {
        const Place inner = {&place, key, 0};
        if constexpr (std::is_enum_v<Key>) {
            const auto said = named<Key>(key);
            if (!said) {
                const std::vector<std::string>& known = names<Key>();
                std::string all = known.front();
                for (std::size_t i = 1; i < known.size(); ++i) {
                    all += ", " + known[i];
                }
                Flaws::note(flaws.key, " has the unknown key " + excerpt(key) + place.inside() +
                                           nearest(key, known) + "; known: " + all);
                T ignored = {};
                read(inside, inner, flaws, ignored);
                continue;
            }
            into.emplace_back(*said, T());
        } else {
            into.emplace_back(key, T());
        }
        read(inside, inner, flaws, into.back().second);
    }
}

// Reads an object key by key; what is not asked for is unknown. Call `end` last.
class Fields {
  public:
    Fields(const Json& value, const Place& place, Flaws& flaws)
        : value_(value), place_(place), flaws_(flaws) {
        if (!value.is_object()) {
            flaws.unfit(value, place, "an object");
        }
    }

    template <typename T>
    Fields& needs(const char* key, T& into) {
        const Json* inside = at(key);
        if (inside != nullptr) {
            read(*inside, Place{&place_, key, 0}, flaws_, into);
        } else if (value_.is_object()) {
            Flaws::note(flaws_.other, " lacks the key \"" + Place{&place_, key, 0}.text() + "\"");
        }
        return *this;
    }

    // A key that may be left out, in which case `into` keeps its value.
    template <typename T>
    Fields& takes(const char* key, T& into) {
        if (const Json* inside = at(key)) {
            read(*inside, Place{&place_, key, 0}, flaws_, into);
        }
        return *this;
    }

    // A key that has one of few numbers.
    Fields& takes_one_of(const char* key, std::int64_t& into,
                         std::initializer_list<std::int64_t> allowed) {
        const Json* inside = at(key);
        if (inside == nullptr) {
            return *this;
        }
        std::string all;
        for (const std::int64_t number : allowed) {
            if (is_int64(*inside) && inside->get<std::int64_t>() == number) {
                into = number;
                return *this;
            }
            all += (all.empty() ? "" : " or ") + std::to_string(number);
        }
        flaws_.unfit(*inside, Place{&place_, key, 0}, all);
        return *this;
    }

    void end() const {
        if (!value_.is_object() || !flaws_.unknown.empty()) {
            return;
        }
        for (const auto& [key, inside] : value_.get_ref<const Json::object_t&>()) {
            if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
                flaws_.unknown =
                    " has the unknown key " + excerpt(key) + place_.inside() + nearest(key, known_);
                return;
            }
        }
    }

  private:
    const Json* at(const char* key) {
        known_.emplace_back(key);
        const auto found = value_.find(key);
        return found == value_.end() ? nullptr : &*found;
    }

    const Json& value_;
    const Place& place_;
    Flaws& flaws_;
    std::vector<std::string> known_;
};

}  // namespace hearsight
