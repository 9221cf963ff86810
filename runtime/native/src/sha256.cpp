#include "sha256.h"

#include <algorithm>
#include <vector>

#include "files.h"

namespace hearsight {
namespace {

// Fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
constexpr std::array<std::uint32_t, 64> kRounds = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr std::size_t kChunk = std::size_t{1} << 20;

std::uint32_t turn(std::uint32_t value, unsigned bits) {
    return (value >> bits) | (value << (32 - bits));
}

}  // namespace

void Sha256::update(const void* bytes, std::size_t size) {
    const auto* next = static_cast<const std::uint8_t*>(bytes);
    std::size_t held = static_cast<std::size_t>(size_ % rest_.size());
    size_ += size;
    if (held != 0) {
        const std::size_t taken = std::min(size, rest_.size() - held);
        std::copy_n(next, taken, rest_.begin() + static_cast<std::ptrdiff_t>(held));
        next += taken;
        size -= taken;
        held += taken;
        if (held < rest_.size()) {
            return;
        }
        block(rest_.data());
    }
    for (; size >= rest_.size(); size -= rest_.size(), next += rest_.size()) {
        block(next);
    }
    std::copy_n(next, size, rest_.begin());
}

std::string Sha256::hex() {
    const std::uint64_t bits = size_ * 8;
    const std::size_t held = static_cast<std::size_t>(size_ % rest_.size());
    // A one bit, zeros up to 8 bytes before the end of a block, the length in bits.
    std::array<std::uint8_t, 72> tail = {0x80};
    const std::size_t zeros = (held < 56 ? 56 : 120) - held;
    for (std::size_t i = 0; i < 8; ++i) {
        tail[zeros + i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
    }
    update(tail.data(), zeros + 8);
    std::string text;
    for (const std::uint32_t word : state_) {
        for (int shift = 28; shift >= 0; shift -= 4) {
            text += "0123456789abcdef"[(word >> shift) & 15];
        }
    }
    return text;
}

void Sha256::block(const std::uint8_t* bytes) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t i = 0; i < 16; ++i) {
        w[i] = std::uint32_t{bytes[4 * i]} << 24 | std::uint32_t{bytes[4 * i + 1]} << 16 |
               std::uint32_t{bytes[4 * i + 2]} << 8 | std::uint32_t{bytes[4 * i + 3]};
    }
    for (std::size_t i = 16; i < w.size(); ++i) {
        const std::uint32_t s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3);
        const std::uint32_t s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < w.size(); ++i) {
        const std::uint32_t s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
        const std::uint32_t first = h + s1 + ((e & f) ^ (~e & g)) + kRounds[i] + w[i];
        const std::uint32_t s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
        const std::uint32_t second = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
    }
    const std::array<std::uint32_t, 8> added = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < added.size(); ++i) {
        state_[i] += added[i];
    }
}

std::string sha256(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes.data(), bytes.size());
    return hash.hex();
}

std::string file_sha256(const std::filesystem::path& path) {
    InputFile file(path);
    Sha256 hash;
    std::vector<char> chunk(kChunk);
    while (const std::size_t size = file.read(chunk.data(), chunk.size())) {
        hash.update(chunk.data(), size);
    }
    return hash.hex();
}

}  // namespace hearsight
