#include "slots.h"

namespace hearsight {
namespace {

struct Entry {
    Role role;
    Slot slot;
};

constexpr DType kFloat = DType::float32;

constexpr Entry kInputs[] = {
    {Role::tokenize, {"text", DType::string, "1"}},
    {Role::text, {"ids", DType::int64, "1 L"}},
    {Role::text, {"mask", DType::int64, "1 L", true}},
    {Role::image, {"image", DType::uint8, "1 H W 3"}},
    {Role::image, {"box", kFloat, "1 4", true}},
    {Role::moment, {"moment", DType::uint8, "# H W 3"}},
    {Role::frames, {"frames", kFloat, "1 N ..."}},
    {Role::audio, {"audio", kFloat, "1 S"}},
    {Role::signal, {"signal", kFloat, "1 # S"}},
    {Role::detect, {"image", DType::uint8, "1 H W 3"}},
    {Role::join, {"weights", kFloat, "1 #", true}},
    {Role::classify, {"audio", kFloat, "1 S"}},
    {Role::denoise, {"x", kFloat, "B *latent"}},
    {Role::denoise, {"d_prev", kFloat, "B *latent"}},
    {Role::denoise, {"noise", kFloat, "B *latent"}},
    {Role::denoise, {"cond", kFloat, "GB *space"}},
    {Role::denoise, {"weights", kFloat, "G"}},
    {Role::denoise, {"row", kFloat, "7"}},
    {Role::encode, {"audio", kFloat, "B S"}},
    {Role::decode, {"latent", kFloat, "B *latent"}},
    {Role::decode, {"noise", kFloat, "B ...", true}},
    {Role::vocoder, {"mel", kFloat, "B ..."}},
};

constexpr Entry kOutputs[] = {
    {Role::tokenize, {"ids", DType::int64, "1 L"}},
    {Role::tokenize, {"mask", DType::int64, "1 L"}},
    {Role::detect, {"boxes", kFloat, "1 N 4"}},
    {Role::detect, {"scores", kFloat, "1 N"}},
    {Role::join, {"cond", kFloat, "1 *space"}},
    {Role::classify, {"scores", kFloat, "1 *space"}},
    {Role::denoise, {"x_next", kFloat, "B *latent"}},
    {Role::denoise, {"d", kFloat, "B *latent"}},
    {Role::encode, {"mean", kFloat, "B *latent"}},
    {Role::encode, {"logvar", kFloat, "B *latent"}},
};

}  // namespace

bool is_noisy(Role role) {
    return role == Role::text || role == Role::frames || role == Role::join;
}

Slots inputs(const Manifest& manifest, Role role, const Graph& graph) {
    Slots slots;
    if (role == Role::join && manifest.join) {
        for (const JoinInput& each : manifest.join->inputs) {
            slots.push_back({each.name, kFloat, each.fill == Fill::mean ? "1 ..." : "1 # ..."});
        }
    }
    for (const Entry& entry : kInputs) {
        if (entry.role == role) {
            slots.push_back(entry.slot);
        }
    }
    if (is_noisy(role)) {
        for (const TensorSpec& spec : graph.inputs) {
            if (is_noise(spec.name)) {
                slots.push_back({spec.name, kFloat, "..."});
            }
        }
    }
    return slots;
}

Slots outputs(const Manifest& manifest, Role role, const Graph& graph) {
    Slots slots;
    switch (role) {
    case Role::text:
    case Role::image:
    case Role::moment:
    case Role::frames:
    case Role::audio:
    case Role::signal:
        if (graph.outputs.size() == 1 && graph.outputs[0].name == "embed") {
            return {{"embed", kFloat, "1 ..."}};
        }
        return {{"cond", kFloat, "1 *space"}};
    case Role::decode:
        if (find(manifest.graphs, "vocoder") != nullptr) {
            return {{"mel", kFloat, "B ..."}};
        }
        [[fallthrough]];
    case Role::vocoder:
        return {
            {"audio", kFloat, manifest.audio && manifest.audio->channels == 2 ? "B 2 S" : "B S"}};
    default:
        break;
    }
    for (const Entry& entry : kOutputs) {
        if (entry.role == role) {
            slots.push_back(entry.slot);
        }
    }
    return slots;
}

bool is_noise(std::string_view name) {
    return name.substr(0, 5) == "noise";
}

}  // namespace hearsight
