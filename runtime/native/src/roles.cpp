#include "roles.h"

#include <algorithm>
#include <map>
#include <set>

#include "ascii.h"
#include "axes.h"
#include "breach.h"
#include "check.h"
#include "nearest.h"
#include "slots.h"

namespace hearsight {
namespace {

constexpr std::int64_t most_pictures = 256;  // of one moment of a video

const char* const kFreeNames = "tokenize, text, image, moment, frames, audio, signal, detect";

bool may_have_other_name(Role role) {
    return role <= Role::detect;
}

bool is_graph_name(const std::string& name) {
    return !name.empty() && is_lower(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
        return is_lower(c) || is_digit(c) || c == '-';
    });
}

Dims expand(const Manifest& manifest, std::string_view shape) {
    Dims wanted;
    while (!shape.empty()) {
        const std::size_t end = std::min(shape.find(' '), shape.size());
        const std::string_view axis = shape.substr(0, end);
        shape.remove_prefix(std::min(end + 1, shape.size()));
        if (axis == "*space") {
            wanted.insert(wanted.end(), manifest.space.shape.begin(), manifest.space.shape.end());
        } else if (axis == "*latent") {
            if (manifest.latent) {
                const Dims& latent = manifest.latent->shape;
                wanted.insert(wanted.end(), latent.begin(), latent.end());
            }
        } else if (is_digit(axis[0])) {
            wanted.emplace_back(std::int64_t{axis[0] - '0'});
        } else {
            wanted.emplace_back(std::string(axis));
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
        const bool sized = wanted[i] == Dim("L") || wanted[i] == Dim("S") || wanted[i] == Dim("#");
        const bool free = (sized && number) || (wanted[i] == Dim("S") && shape[i] == samples);
        if (shape[i] != wanted[i] && !free) {
            return false;
        }
    }
    return true;
}

// The names of what a role takes, each once.
std::string listed(const Slots& slots) {
    std::string all;
    std::set<std::string_view> told;
    for (const Slot& slot : slots) {
        if (told.insert(slot.name).second) {
            all += (all.empty() ? "" : ", ") + std::string(slot.name);
        }
    }
    return all;
}

void check_spec(const Manifest& manifest, const std::string& at, const TensorSpec& spec,
                const Slot& slot) {
    const std::string told = at + ": \"" + spec.name + "\" ";
    if (spec.dtype != slot.dtype) {
        breach(told + "is " + name_of(spec.dtype) + " and must be " + name_of(slot.dtype));
    }
    if (!std::all_of(spec.shape.begin(), spec.shape.end(), is_known_axis)) {
        breach(told + "has the shape " + text_of(spec.shape) + " with an unknown axis");
    }
    if (const std::int64_t numbers = held(spec.shape); numbers > most_numbers) {
        breach(told + "holds " + std::to_string(numbers) + " numbers; at most " +
               std::to_string(most_numbers));
    }
    Dims wanted = expand(manifest, slot.shape);
    if (!fits(spec.shape, wanted, manifest)) {
        std::replace(wanted.begin(), wanted.end(), Dim("..."), Dim("(any)"));
        std::replace(wanted.begin(), wanted.end(), Dim("#"), Dim("(a number)"));
        breach(told + "has the shape " + text_of(spec.shape) + " and must have " + text_of(wanted));
    }
}

void check_slots(const Manifest& manifest, const std::string& at,
                 const std::vector<TensorSpec>& specs, const Slots& slots) {
    std::set<std::string_view> names;
    for (const TensorSpec& spec : specs) {
        names.insert(spec.name);
    }
    std::map<std::string_view, const Slot*> by_name;
    for (const Slot& slot : slots) {
        by_name[slot.name] = &slot;
        if (!slot.optional && names.count(slot.name) == 0) {
            breach(at + " lacks \"" + std::string(slot.name) + "\"");
        }
    }
    for (const TensorSpec& spec : specs) {
        const auto slot = by_name.find(spec.name);
        if (slot == by_name.end() || names.erase(spec.name) == 0) {
            breach(at + " has \"" + spec.name + "\"; the role takes " + listed(slots) +
                   ", each once");
        }
        check_spec(manifest, at, spec, *slot->second);
    }
}

bool is_noise_axis(const Dim& dim) {
    const auto* symbol = std::get_if<std::string>(&dim);
    return symbol == nullptr || *symbol == "B" || *symbol == "T" || times_t(*symbol) != 0;
}

// What an input's shape may not be beside what the role table says.
void check_input(const std::string& told, Role role, const TensorSpec& spec) {
    const Dims& shape = spec.shape;
    const auto is_searched = [&](const Dim& dim) {
        return is_number(dim) || dim == Dim("R") || dim == Dim("C");
    };
    const auto all = [&](const auto& rule) {
        return std::all_of(shape.begin(), shape.end(), rule);
    };
    if (role == Role::decode && spec.name == "noise" && !all(is_noise_axis)) {
        breach(told + "has the shape " + text_of(shape) + "; it may grow with T only");
    }
    if (role == Role::moment && !shape.empty() && least(shape[0]) > most_pictures) {
        breach(told + "takes " + std::to_string(least(shape[0])) + " frames at once; at most " +
               std::to_string(most_pictures));
    }
    if (!is_noisy(role) || !is_noise(spec.name)) {
        return;
    }
    if (role != Role::join && !all(is_number)) {
        breach(told + "has the shape " + text_of(shape) + "; it must be numbers");
    }
    if (!all(is_searched)) {
        breach(told + "has the shape " + text_of(shape) + "; only R and C may be free");
    }
}

}  // namespace

Role role_of(const std::string& name, const Graph& graph) {
    return graph.role ? *graph.role : named<Role>(name).value();
}

void check_names(const Manifest& manifest) {
    for (const auto& [name, graph] : manifest.graphs) {
        const std::string at = "graphs." + name;
        const bool is_role = named<Role>(name).has_value();
        if (!graph.role && !is_role) {
            const Names roles = names<Role>();
            const std::vector<std::string_view> known(roles.begin(), roles.end());
            std::string all;
            for (const std::string_view role : known) {
                all += (all.empty() ? "" : ", ") + std::string(role);
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
        check_input(at + ".inputs: \"" + spec.name + "\" ", role, spec);
    }
    if (graph.reach && (role != Role::vocoder || *graph.reach < 0)) {
        breach(at + ".reach is for a vocoder, and 0 frames or more");
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
    check_slots(manifest, at + ".inputs", graph.inputs, inputs(manifest, role, graph));
    check_slots(manifest, at + ".outputs", graph.outputs, outputs(manifest, role, graph));
    if (graph.check) {
        check_check(at + ".check", graph, *graph.check);
    }
}

bool is_generator_role(std::string_view name) {
    return name == "denoise" || name == "encode" || name == "decode" || name == "vocoder";
}

}  // namespace hearsight
