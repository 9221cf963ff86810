// SHA-256 (FIPS 180-4), by which bundles name their files and are named themselves.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace hearsight {

// Takes bytes in pieces of any size; `hex` ends it.
class Sha256 {
  public:
    void update(const void* bytes, std::size_t size);

    // 64 lower-case hexadecimal digits. Call once, after which the object is spent.
    std::string hex();

  private:
    void block(const std::uint8_t* bytes);

    std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::uint8_t, 64> rest_ = {};
    std::uint64_t size_ = 0;
};

std::string sha256(std::string_view bytes);

// The hash of a file's content. Throws Error(file) naming it if it cannot be read.
std::string file_sha256(const std::filesystem::path& path);

}  // namespace hearsight
