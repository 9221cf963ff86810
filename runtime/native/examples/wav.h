// A minimal writer of WAV files: 16 or 24 bit, as many channels as there are.

#pragma once

#include <cstdint>
#include <string>

// Writes `frames * channels` samples, channels in turn, clipped to full scale. The file appears
// whole or not at all: it is written beside its place as `PATH.part` and renamed. False if the
// system refused, with the reason in errno.
bool write_wav(const std::string& path, const float* samples, std::uint64_t frames,
               std::uint32_t channels, std::uint32_t sample_rate, std::uint32_t bits);
