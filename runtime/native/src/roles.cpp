#include "roles.h"

#include <algorithm>
#include <limits>
#include <map>

#include "breach.h"
#include "nearest.h"

namespace hearsight {
namespace {

// A tensor of the role table. An axis is a number or symbol that stands for itself, `*latent`
// and `*space` for those shapes, `L` and `S` also for a fixed length, `...` for one or more axes
// of any size.
struct Slot {
    const char* name;
    DType dtype;
    std::vector<const char*> shape;
    bool optional = false;
};

using Slots = std::vector<Slot>;

constexpr DType kFloat = DType::float32;

const Slots& inputs(Role role) {
    static const std::vector<const char*>& latent = *new std::vector<const char*>{"B", "*latent"};
    static const std::map<Role, Slots>& all = *new std::map<Role, Slots>{
        // as manifest.cpp's lists
        {Role::tokenize, {{"text", DType::string, {"1"}}}},
        {Role::text, {{"ids", DType::int64, {"1", "L"}}, {"mask", DType::int64, {"1", "L"}, true}}},
        {Role::image, {{"image", DType::uint8, {"1", "H", "W", "3"}}}},
        {Role::frames, {{"frames", kFloat, {"1", "N", "..."}}}},
        {Role::audio, {{"audio", kFloat, {"1", "S"}}}},
        {Role::denoise,
         {{"x", kFloat, latent},
          {"d_prev", kFloat, latent},
          {"noise", kFloat, latent},
          {"cond", kFloat, {"GB", "*space"}},
          {"weights", kFloat, {"G"}},
          {"row", kFloat, {"7"}}}},
        {Role::encode, {{"audio", kFloat, {"B", "S"}}}},
        {Role::decode, {{"latent", kFloat, latent}, {"noise", kFloat, {"B", "..."}, true}}},
        {Role::vocoder, {{"mel", kFloat, {"B", "..."}}}}};
    return all.at(role);
}

Slots outputs(const Manifest& manifest, Role role, const Graph& graph) {
    const Slot cond = {"cond", kFloat, {"1", "*space"}};
    switch (role) {
    case Role::tokenize:
        return {{"ids", DType::int64, {"1", "L"}}, {"mask", DType::int64, {"1", "L"}}};
    case Role::text:
    case Role::frames:
        return {cond};
    case Role::image:
    case Role::audio:
        if (graph.outputs.size() == 1 && graph.outputs[0].name == "embed") {
            return {{"embed", kFloat, {"1", "..."}}};
        }
        return {cond};
    case Role::denoise:
        return {{"x_next", kFloat, {"B", "*latent"}}, {"d", kFloat, {"B", "*latent"}}};
    case Role::encode:
        return {{"mean", kFloat, {"B", "*latent"}}, {"logvar", kFloat, {"B", "*latent"}}};
    case Role::decode:
        if (find(manifest.graphs, "vocoder") != nullptr) {
            return {{"mel", kFloat, {"B", "..."}}};
        }
        break;
    case Role::vocoder:
        break;
    }
    if (manifest.audio && manifest.audio->channels == 2) {
        return {{"audio", kFloat, {"B", "2", "S"}}};
    }
    return {{"audio", kFloat, {"B", "S"}}};
}

const char* const kFreeNames = "tokenize, text, image, frames, audio";

bool may_have_other_name(Role role) {
    return role <= Role::audio;
}

bool is_graph_name(const std::string& name) {
    return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

// The k of `<k>T`, of at most 9 digits; 0 for whatever is not of that form.
std::int64_t times_t(const std::string& symbol) {
    if (symbol.size() < 2 || symbol.size() > 10 || symbol.back() != 'T' || symbol[0] == '0') {
        return 0;
    }
    std::int64_t times = 0;
    for (const char digit : symbol.substr(0, symbol.size() - 1)) {
        if (digit < '0' || digit > '9') {
            return 0;
        }
        times = times * 10 + (digit - '0');
    }
    return times;
}

bool is_known(const Dim& dim) {
    if (const auto* size = std::get_if<std::int64_t>(&dim)) {
        return *size >= 1;
    }
    const std::string& symbol = std::get<std::string>(dim);
    const auto symbols = {"B", "G", "GB", "T", "N", "S", "H", "W", "L"};
    return std::find(symbols.begin(), symbols.end(), symbol) != symbols.end() ||
           times_t(symbol) != 0;
}

bool is_noise_axis(const Dim& dim) {
    const auto* symbol = std::get_if<std::string>(&dim);
    return symbol == nullptr || *symbol == "B" || *symbol == "T" || times_t(*symbol) != 0;
}

Dims expand(const Manifest& manifest, const std::vector<const char*>& shape) {
    Dims wanted;
    for (const std::string axis : shape) {
        if (axis == "*space") {
            wanted.insert(wanted.end(), manifest.space.shape.begin(), manifest.space.shape.end());
        } else if (axis == "*latent") {
            if (manifest.latent) {
                const Dims& latent = manifest.latent->shape;
                wanted.insert(wanted.end(), latent.begin(), latent.end());
            }
        } else if (axis[0] >= '0' && axis[0] <= '9') {
            wanted.emplace_back(std::int64_t{axis[0] - '0'});
        } else {
            wanted.emplace_back(axis);
        }
    }
    return wanted;
}

bool fits(const Dims& shape, const Dims& wanted, const Manifest& manifest) {
    const bool open_end = wanted.back() == Dim("...");
    const std::size_t axes = wanted.size() - (open_end ? 1 : 0);
    if (open_end ? shape.size() <= axes : shape.size() != axes) {
        return false;
    }
    const std::int64_t frame = manifest.latent ? manifest.latent->samples_per_frame : 0;
    const Dim samples = std::to_string(frame) + "T";
    for (std::size_t i = 0; i < axes; ++i) {
        const bool number = std::holds_alternative<std::int64_t>(shape[i]);
        const bool free = (wanted[i] == Dim("L") && number) ||
                          (wanted[i] == Dim("S") && (number || shape[i] == samples));
        if (shape[i] != wanted[i] && !free) {
            return false;
        }
    }
    return true;
}

void check_slots(const Manifest& manifest, const std::string& at,
                 const std::vector<TensorSpec>& specs, const Slots& slots) {
    const auto named = [](const std::string& name) {
        return [&name](const auto& each) { return each.name == name; };
    };
    for (const Slot& slot : slots) {
        if (!slot.optional && std::none_of(specs.begin(), specs.end(), named(slot.name))) {
            breach(at + " lacks \"" + slot.name + "\"");
        }
    }
    for (auto spec = specs.begin(); spec != specs.end(); ++spec) {
        const auto slot = std::find_if(slots.begin(), slots.end(), named(spec->name));
        const std::string told = at + ": \"" + spec->name + "\" ";
        if (slot == slots.end() || std::find_if(specs.begin(), spec, named(spec->name)) != spec) {
            std::string all;
            for (const Slot& each : slots) {
                all += (all.empty() ? "" : ", ") + std::string(each.name);
            }
            breach(at + " has \"" + spec->name + "\"; the role takes " + all + ", each once");
        }
        if (spec->dtype != slot->dtype) {
            breach(told + "is " + name_of(spec->dtype) + " and must be " + name_of(slot->dtype));
        }
        if (!std::all_of(spec->shape.begin(), spec->shape.end(), is_known)) {
            breach(told + "has the shape " + text_of(spec->shape) + " with an unknown axis");
        }
        Dims wanted = expand(manifest, slot->shape);
        if (!fits(spec->shape, wanted, manifest)) {
            std::replace(wanted.begin(), wanted.end(), Dim("..."), Dim("(any)"));
            breach(told + "has the shape " + text_of(spec->shape) + " and must have " +
                   text_of(wanted));
        }
    }
}

// What each symbol is in the golden tensors of a graph.
using Sizes = std::map<std::string, std::int64_t>;

bool is_case(const Dim& dim, std::int64_t size, Sizes& sizes) {
    if (const auto* fixed = std::get_if<std::int64_t>(&dim)) {
        return *fixed == size;
    }
    const std::string& symbol = std::get<std::string>(dim);
    const std::int64_t times = times_t(symbol);
    if (times == 0) {
        return sizes.emplace(symbol, size).first->second == size;
    }
    return size % times == 0 && sizes.emplace("T", size / times).first->second == size / times;
}

void check_golden(const std::string& at, const std::vector<TensorSpec>& specs,
                  const std::vector<TensorFile>& tensors, Sizes& sizes) {
    if (specs.size() != tensors.size()) {
        breach(at + " has " + std::to_string(tensors.size()) + " tensors for " +
               std::to_string(specs.size()));
    }
    for (std::size_t i = 0; i < specs.size(); ++i) {
        const TensorSpec& spec = specs[i];
        const TensorFile& tensor = tensors[i];
        bool fitting = spec.dtype == tensor.dtype && spec.shape.size() == tensor.shape.size();
        for (std::size_t axis = 0; fitting && axis < spec.shape.size(); ++axis) {
            fitting = is_case(spec.shape[axis], tensor.shape[axis], sizes);
        }
        if (!fitting) {
            breach(at + ": " + name_of(tensor.dtype) + " " + text_of(tensor.shape) +
                   " does not fit \"" + spec.name + "\", " + name_of(spec.dtype) + " " +
                   text_of(spec.shape));
        }
    }
}

void check_check(const std::string& at, const Graph& graph, const Check& check) {
    std::vector<TensorSpec> given;
    std::copy_if(graph.inputs.begin(), graph.inputs.end(), std::back_inserter(given),
                 [](const TensorSpec& spec) { return spec.dtype != DType::string; });
    Sizes sizes;
    check_golden(at + ".inputs", given, check.inputs, sizes);
    check_golden(at + ".outputs", graph.outputs, check.outputs, sizes);
    const auto b = sizes.find("B"), g = sizes.find("G"), gb = sizes.find("GB");
    if (b == sizes.end() || g == sizes.end() || gb == sizes.end()) {
        return;
    }
    const bool vast =
        b->second != 0 && g->second > std::numeric_limits<std::int64_t>::max() / b->second;
    if (vast || g->second * b->second != gb->second) {
        breach(at + ": GB is " + std::to_string(gb->second) + ", and G x B is " +
               (vast ? "more" : std::to_string(g->second * b->second)));
    }
}

}  // namespace

Role role_of(const std::string& name, const Graph& graph) {
    return graph.role ? *graph.role : role_named(name).value();
}

void check_names(const Manifest& manifest) {
    for (const auto& [name, graph] : manifest.graphs) {
        const std::string at = "graphs." + name;
        const bool is_role = role_named(name).has_value();
        if (!graph.role && !is_role) {
            std::vector<std::string> known;
            std::string all;
            for (int i = 0; i <= static_cast<int>(Role::vocoder); ++i) {
                known.emplace_back(name_of(static_cast<Role>(i)));
                all += (i == 0 ? "" : ", ") + known.back();
            }
            breach(at + " is no role" + nearest(name, known) + " and gives none; known: " + all);
        }
        if (graph.role && !is_graph_name(name)) {
            breach(at + ": the name must be lower-case letters, digits and - after a letter");
        }
        if (graph.role && (is_role || !may_have_other_name(*graph.role))) {
            breach(at + ".role is \"" + name_of(*graph.role) + "\"; only " + kFreeNames +
                   " may have other names, and only a graph that has another name gives its role");
        }
    }
}

void check_graph(const Manifest& manifest, const std::string& name, const Graph& graph) {
    const std::string at = "graphs." + name;
    const Role role = role_of(name, graph);
    if (find(graph.variants, Precision::fp32) == nullptr) {
        breach(at + ".variants.fp32 is missing; every graph has one");
    }
    for (const TensorSpec& spec : graph.inputs) {
        if (role == Role::decode && spec.name == "noise" &&
            !std::all_of(spec.shape.begin(), spec.shape.end(), is_noise_axis)) {
            breach(at + ".inputs: \"noise\" has the shape " + text_of(spec.shape) +
                   "; it may grow with T only");
        }
    }
    for (const Parity& parity : graph.parity) {
        if (find(graph.variants, parity.precision) == nullptr) {
            breach(at + ".parity is about " + name_of(parity.precision) + ", which is no variant");
        }
    }
    for (const auto& entry : graph.refused) {
        if (find(graph.variants, entry.first) != nullptr) {
            breach(at + ".refused names " + name_of(entry.first) + ", which is a variant");
        }
    }
    check_slots(manifest, at + ".inputs", graph.inputs, inputs(role));
    check_slots(manifest, at + ".outputs", graph.outputs, outputs(manifest, role, graph));
    if (graph.check) {
        check_check(at + ".check", graph, *graph.check);
    }
}

bool is_generator_role(std::string_view name) {
    return name == "denoise" || name == "encode" || name == "decode" || name == "vocoder";
}

std::string text_of(const std::vector<std::int64_t>& shape) {
    return text_of(Dims(shape.begin(), shape.end()));
}

std::string text_of(const Dims& shape) {
    std::string text = "[";
    for (const Dim& dim : shape) {
        const auto* size = std::get_if<std::int64_t>(&dim);
        text += (text.size() == 1 ? "" : ", ") +
                (size != nullptr ? std::to_string(*size) : "'" + std::get<std::string>(dim) + "'");
    }
    return text + "]";
}

}  // namespace hearsight
