// Reading parsed JSON into structs, where nothing is converted and no key may be unknown.
//
// A struct is read by a function `each(Fields&, Struct&)` in this namespace, which names its keys;
// it is found by the type, so it is in no anonymous namespace.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "json.h"
#include "names.h"

namespace hearsight {

// A value's place below the top of the document, spelled out only when something is wrong.
struct Place {
    const Place* parent = nullptr;
    std::string_view key = {};
    std::size_t index = 0;

    std::string text() const;

    // ` in graphs.text`, or nothing at the top.
    std::string inside() const;
};

// The first of each kind of flaw. Reading goes on after one, because an unknown key, mostly a
// known one misspelt, explains more than the lack of the known one.
struct Flaws {
    std::string unknown;
    std::string key;
    std::string other;

    void unfit(const Json& value, const Place& place, const std::string& wanted);

    // What follows the name of the document, without the full stop; empty if all is well.
    const std::string& first() const {
        return !unknown.empty() ? unknown : !key.empty() ? key : other;
    }
};

// Reads an object key by key; what is not asked for is unknown. Call `end` last.
class Fields {
  public:
    Fields(const Json& value, const Place& place, Flaws& flaws);

    const Json& value() const { return value_; }

    template <typename T>
    Fields& needs(const char* key, T& into);

    // A key that may be left out, in which case `into` keeps its value.
    template <typename T>
    Fields& takes(const char* key, T& into);

    // A key that has one of few numbers.
    Fields& takes_one_of(const char* key, std::int64_t& into,
                         std::initializer_list<std::int64_t> allowed);

    void end() const;

  private:
    const Json* at(const char* key);
    void lack(const char* key);

    const Json& value_;
    const Place& place_;
    Flaws& flaws_;
    std::vector<std::string_view> known_;
};

void read(const Json& value, const Place& place, Flaws& flaws, std::string& into);
void read(const Json& value, const Place& place, Flaws& flaws, bool& into);
void read(const Json& value, const Place& place, Flaws& flaws, std::int64_t& into);
void read(const Json& value, const Place& place, Flaws& flaws, double& into);
void read(const Json& value, const Place& place, Flaws& flaws,
          std::variant<std::int64_t, std::string>& into);

// The index among the names that a value is, or nothing; notes it where it is none.
std::optional<std::size_t> read_name(const Json& value, const Place& place, Flaws& flaws,
                                     Names names);

// The index among the names that a key is, likewise.
std::optional<std::size_t> read_key(const std::string& key, const Place& place, Flaws& flaws,
                                    Names names);

// Its entries, or null where it is no array or object; notes that.
const Json::array_t* array_of(const Json& value, const Place& place, Flaws& flaws);
const Json::object_t* object_of(const Json& value, const Place& place, Flaws& flaws);

template <typename T>
auto read(const Json& value, const Place& place, Flaws& flaws, T& into)
    -> decltype(each(std::declval<Fields&>(), into)) {
    Fields fields(value, place, flaws);
    each(fields, into);
    fields.end();
}

template <typename E, std::enable_if_t<std::is_enum_v<E>, int> = 0>
void read(const Json& value, const Place& place, Flaws& flaws, E& into) {
    if (const auto index = read_name(value, place, flaws, names<E>())) {
        into = static_cast<E>(*index);
    }
}

template <typename T>
void read(const Json& value, const Place& place, Flaws& flaws, std::vector<T>& into) {
    if (const auto* entries = array_of(value, place, flaws)) {
        into.resize(entries->size());
        for (std::size_t i = 0; i < into.size(); ++i) {
            read((*entries)[i], Place{&place, {}, i}, flaws, into[i]);
        }
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
    const auto* entries = object_of(value, place, flaws);
    if (!entries) {
        return;
    }
    for (const auto& [key, inside] : *entries) {
        T found = {};
        read(inside, Place{&place, key, 0}, flaws, found);
        if constexpr (!std::is_enum_v<Key>) {
            into.emplace_back(key, std::move(found));
        } else if (const auto index = read_key(key, place, flaws, names<Key>())) {
            into.emplace_back(static_cast<Key>(*index), std::move(found));
        }
    }
}

template <typename T>
Fields& Fields::needs(const char* key, T& into) {
    if (const Json* inside = at(key)) {
        read(*inside, Place{&place_, key, 0}, flaws_, into);
    } else {
        lack(key);
    }
    return *this;
}

template <typename T>
Fields& Fields::takes(const char* key, T& into) {
    if (const Json* inside = at(key)) {
        read(*inside, Place{&place_, key, 0}, flaws_, into);
    }
    return *this;
}

}  // namespace hearsight
