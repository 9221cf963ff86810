#include "seed.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace hearsight {
namespace {

using Words = std::array<std::uint64_t, 16>;

constexpr std::size_t BLOCK = 128;   // bytes
constexpr std::uint64_t DIGEST = 8;  // bytes

// Fractions of the square roots of the first eight primes (RFC 7693, sec. 2.6).
constexpr std::array<std::uint64_t, 8> START = {
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
};

// Order of the message's words in each round (RFC 7693, sec. 2.7).
constexpr std::uint8_t ORDER[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

std::uint64_t rotated(std::uint64_t word, int right) {
    return (word >> right) | (word << (64 - right));
}

void mix(Words& v, std::size_t a, std::size_t b, std::size_t c, std::size_t d, std::uint64_t x,
         std::uint64_t y) {
    v[a] += v[b] + x;
    v[d] = rotated(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotated(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotated(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotated(v[b] ^ v[c], 63);
}

void compress(std::array<std::uint64_t, 8>& state, const Words& words, std::uint64_t bytes_so_far,
              bool last) {
    Words v{};
    std::copy(state.begin(), state.end(), v.begin());
    std::copy(START.begin(), START.end(), v.begin() + 8);
    v[12] ^= bytes_so_far;
    if (last) {
        v[14] = ~v[14];
    }
    for (std::size_t round = 0; round < 12; ++round) {
        const auto& s = ORDER[round % 10];
        for (std::size_t i = 0; i < 4; ++i) {
            mix(v, i, 4 + i, 8 + i, 12 + i, words[s[2 * i]], words[s[2 * i + 1]]);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, words[s[8 + 2 * i]],
                words[s[9 + 2 * i]]);
        }
    }
    for (std::size_t i = 0; i < state.size(); ++i) {
        state[i] ^= v[i] ^ v[i + 8];
    }
}

// BLAKE2b of 8 bytes without a key, read as little-endian, which is the first word of its state.
std::uint64_t blake2b_8(std::string_view message) {
    std::array<std::uint64_t, 8> state = START;
    state[0] ^= 0x01010000 ^ DIGEST;
    std::size_t done = 0;
    do {
        const std::string_view block = message.substr(done, BLOCK);
        done += block.size();
        Words words{};
        for (std::size_t i = 0; i < block.size(); ++i) {
            words[i / 8] |= std::uint64_t{static_cast<unsigned char>(block[i])} << (i % 8 * 8);
        }
        compress(state, words, done, done == message.size());
    } while (done < message.size());
    return state[0];
}

std::string little_endian(std::uint64_t value) {
    std::string bytes;
    for (int shift = 0; shift < 64; shift += 8) {
        bytes += static_cast<char>(value >> shift & 0xFF);
    }
    return bytes;
}

}  // namespace

std::uint64_t item_seed(std::uint64_t base, std::string_view item, std::uint64_t variation) {
    std::string message = "hearsight seed 1" + little_endian(base) + little_endian(variation);
    return blake2b_8(message.append(item));
}

}  // namespace hearsight
