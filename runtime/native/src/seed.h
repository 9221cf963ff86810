// Names become seeds: neither the order of items nor the number of variations changes a sound.

#pragma once

#include <cstdint>
#include <string_view>

namespace hearsight {

// Seed of one sound: the BLAKE2b hash of 8 bytes (RFC 7693), read as little-endian, of the 16 bytes
// `hearsight seed 1`, `base` and `variation` as 8 little-endian bytes each, and `item` in UTF-8.
std::uint64_t item_seed(std::uint64_t base, std::string_view item, std::uint64_t variation);

}  // namespace hearsight
