// Structs of the C API that grow from version to version: in and out by the caller's own size.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "error.h"

namespace hearsight {

// No struct will ever be larger; a larger size was never written by a program that means it.
constexpr std::uint32_t most_struct_size = 1024;

template <typename Struct>
std::uint32_t checked_size(const Struct* given, const char* name) {
    if (!given) {
        throw Error(Status::usage, std::string(name) + " is NULL.");
    }
    const std::uint32_t size = given->struct_size;
    if (size < alignof(Struct) || size > most_struct_size || size % alignof(Struct) != 0) {
        throw Error(Status::usage, std::string(name) + ".struct_size is " + std::to_string(size) +
                                       "; set it to sizeof of the struct.");
    }
    return size;
}

// What the caller gave, with zero for fields that it does not know.
template <typename Struct>
Struct copy_in(const Struct* given, const char* name) {
    const std::uint32_t size = checked_size(given, name);
    const auto* bytes = reinterpret_cast<const unsigned char*>(given);
    if (size > sizeof(Struct) &&
        std::any_of(bytes + sizeof(Struct), bytes + size, [](unsigned char b) { return b != 0; })) {
        throw Error(Status::usage, std::string(name) +
                                       " uses a field that this version of the library does not "
                                       "know; use a newer library.");
    }
    Struct copy{};
    std::memcpy(&copy, given, std::min<std::size_t>(size, sizeof(Struct)));
    copy.struct_size = sizeof(Struct);
    return copy;
}

// As much as the caller knows of `made`. Its struct_size stays as it is.
template <typename Struct>
void copy_out(Struct made, Struct* place, const char* name) {
    const std::uint32_t size = checked_size(place, name);
    made.struct_size = size;
    std::memcpy(place, &made, std::min<std::size_t>(size, sizeof(Struct)));
}

}  // namespace hearsight
