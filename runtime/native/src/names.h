// What the values of an enum are called in files.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace hearsight {

// In the order of the values.
struct Names {
    const char* const* all;
    std::size_t count;

    const char* const* begin() const { return all; }
    const char* const* end() const { return all + count; }
};

template <typename E>
Names names();  // specialised beside each enum

template <typename E>
const char* name_of(E value) {
    return names<E>().all[static_cast<std::size_t>(value)];
}

// The index of a name, or nothing.
inline std::optional<std::size_t> index_of(std::string_view name, Names names) {
    for (std::size_t index = 0; index < names.count; ++index) {
        if (name == names.all[index]) {
            return index;
        }
    }
    return std::nullopt;
}

// The value that is called so, or nothing.
template <typename E>
std::optional<E> named(std::string_view name) {
    const auto index = index_of(name, names<E>());
    return index ? std::optional<E>(static_cast<E>(*index)) : std::nullopt;
}

}  // namespace hearsight
