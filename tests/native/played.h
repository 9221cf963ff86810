// The micro bundle's graphs being run, for the tests of what runs them.

#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "engine.h"
#include "error.h"

namespace played {

inline std::shared_ptr<const hearsight::Bundle> bundle(const std::string& path) {
    return std::make_shared<const hearsight::Bundle>(
        hearsight::open_bundle(std::string(HEARSIGHT_ROOT) + path, hearsight::Verify::none));
}

inline hearsight::EngineSettings settings(const std::string& device) {
    hearsight::EngineSettings made;
    made.ort = hearsight::Ort::open(HEARSIGHT_ORT);
    made.threads = 1;
    made.wishes.device = device;
    return made;
}

// What the graph `audio` hears of a click.
inline std::vector<float> hear(hearsight::Engine& engine) {
    hearsight::Tensor sound = hearsight::zeros({1, 8000});
    sound.data[4000] = 1;
    const hearsight::Value value = engine.ort().view(sound);
    hearsight::Cancel cancel;
    const auto outputs = engine.run("audio", {{"audio", &value}}, cancel);
    return engine.ort().tensor(outputs.begin()->second).data;
}

// What the graph `denoise` makes of a latent of so many frames.
inline std::vector<float> denoised(hearsight::Engine& engine, std::int64_t frames) {
    using hearsight::Tensor;
    const hearsight::Shape shape{1, 4, frames, 4};
    Tensor latent = hearsight::zeros(shape);
    latent.data[0] = 1;
    const Tensor none = hearsight::zeros(shape), cond = hearsight::zeros({1, 16});
    const Tensor weights{{1}, {1}}, row{{7}, {500, 0.5F, 0.5F, 1, 1, 0, 0}};
    hearsight::Cancel cancel;
    return engine.step({latent, none, none, cond, weights, row}, cancel, true).first.data;
}

// Equal but for the order of sums.
inline bool close(const std::vector<float>& some, const std::vector<float>& others) {
    bool near = some.size() == others.size();
    for (std::size_t index = 0; near && index < some.size(); ++index) {
        near = std::abs(some[index] - others[index]) < 1e-4F;
    }
    return near;
}

template <typename Work>
hearsight::Error error_of(const Work& work) {
    try {
        work();
    } catch (const hearsight::Error& problem) {
        return problem;
    }
    FAIL("nothing was refused");
    return {hearsight::Status::ok, ""};
}

inline bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace played
