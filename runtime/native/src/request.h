// What is asked for: everything that decides a sound, and nothing else.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "manifest.h"
#include "sound.h"

namespace hearsight {

// Rows from the top, three bytes red, green, blue a pixel, without padding.
struct Picture {
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::vector<std::uint8_t> pixels;
};

enum class Modality { text, image, audio, condition };

// The word for a modality in messages.
const char* spelled(Modality modality);

// One thing to listen to: what belongs to its modality is filled, the rest is empty. `weight`
// scales it against the other prompts; any finite number but zero.
struct Prompt {
    Modality modality = Modality::text;
    std::string text;              // UTF-8
    Picture picture;               // image
    Sound sound;                   // audio
    std::vector<float> condition;  // made before, by this bundle or another of its space
    double weight = 1.0;

    // Whether this is a text that says nothing.
    bool blank() const;
};

enum class Mix { average, branches };

constexpr double most_seconds = 600.0;  // of a sound

// A sound to begin with instead of noise, at the generator's rate, and the share of the denoising
// that it goes through, above 0 to 1; 0.6 if it is left open.
struct Init {
    Sound sound;
    std::optional<double> strength;
};

// What is left open is the bundle's default, for `seed` a fresh one, and for `seconds` the length
// of `init` if there is one. The fields mean what they mean in Python's `hearsight.Request`.
struct Request {
    std::vector<Prompt> prompts;
    std::string negative;
    std::string id;
    std::optional<double> seconds;
    std::uint32_t variations = 1;
    std::uint32_t first_variation = 0;
    std::optional<std::uint64_t> seed;
    std::optional<std::int64_t> steps;
    std::optional<double> guidance;
    std::optional<std::pair<double, double>> guidance_interval;
    std::optional<Solver> solver;
    std::optional<double> eta;
    Mix mix = Mix::average;
    bool loop = false;
    std::optional<Init> init;
};

// The same request with the generator's defaults and a seed in place of all that was left open.
//
// Throws Error(usage): a value out of its range, named, or a length or choice that this generator
// does not have. Error(file): `init` is silent, or holds values that are not numbers. Whether
// prompts are understood is for their conditioners to say.
Request resolve(Request request, const Manifest& manifest);

// Whether the text is UTF-8 as the Unicode standard defines it, without zero bytes.
bool is_text(const std::string& text);

}  // namespace hearsight
