#include "wav.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

namespace {

void put(std::vector<char>& bytes, std::uint32_t value, std::uint32_t count) {
    for (std::uint32_t index = 0; index < count; ++index) {
        bytes.push_back(static_cast<char>(value >> (8 * index) & 0xFF));
    }
}

void put(std::vector<char>& bytes, const char (&tag)[5]) {
    bytes.insert(bytes.end(), tag, tag + 4);
}

}  // namespace

bool write_wav(const std::string& path, const float* samples, std::uint64_t frames,
               std::uint32_t channels, std::uint32_t sample_rate, std::uint32_t bits) {
    const std::uint32_t width = bits / 8;
    const std::uint64_t size = frames * channels * width;
    if (size > 0xFFFFFF00U) {
        errno = EFBIG;
        return false;
    }
    const auto data = static_cast<std::uint32_t>(size);
    std::vector<char> bytes;
    bytes.reserve(size + 45);
    put(bytes, "RIFF");
    put(bytes, 36 + data + data % 2, 4);
    put(bytes, "WAVE");
    put(bytes, "fmt ");
    put(bytes, 16, 4);
    put(bytes, 1, 2);  // PCM
    put(bytes, channels, 2);
    put(bytes, sample_rate, 4);
    put(bytes, sample_rate * channels * width, 4);
    put(bytes, channels * width, 2);
    put(bytes, bits, 2);
    put(bytes, "data");
    put(bytes, data, 4);
    const double full = std::ldexp(1.0, static_cast<int>(bits) - 1);
    for (std::uint64_t index = 0; index < frames * channels; ++index) {
        const double scaled = std::round(static_cast<double>(samples[index]) * full);
        const auto value = static_cast<std::int32_t>(std::clamp(scaled, -full, full - 1));
        put(bytes, static_cast<std::uint32_t>(value), width);
    }
    if (data % 2 != 0) {
        bytes.push_back(0);
    }
    const auto place = std::filesystem::u8path(path);
    const auto part = std::filesystem::u8path(path + ".part");
    errno = 0;
    std::ofstream file(part, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    std::error_code refused;
    if (file) {
        std::filesystem::rename(part, place, refused);
        errno = refused ? refused.value() : errno;
    }
    if (!file || refused) {
        const int reason = errno;
        std::filesystem::remove(part, refused);
        errno = reason;
        return false;
    }
    return true;
}
