#include "chains.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <unordered_map>

#include "breach.h"
#include "roles.h"

namespace hearsight {
namespace {

std::string join(const std::vector<std::string>& parts, const char* between) {
    std::string text;
    for (const std::string& part : parts) {
        text += (&part == parts.data() ? "" : between) + part;
    }
    return text;
}

// The chains of roles that a modality may have.
std::vector<std::vector<Role>> known_chains(const std::string& modality) {
    if (modality == "text") {
        return {{Role::tokenize, Role::text}};
    }
    if (modality == "video") {
        return {{Role::image, Role::frames}};
    }
    const Role first = modality == "image" ? Role::image : Role::audio;
    return {{first}, {first, Role::frames}};
}

// The first tensor's shape without its first axes; nothing if there is no tensor.
std::optional<Dims> tail(const std::vector<TensorSpec>& specs, std::size_t axes) {
    if (specs.empty()) {
        return std::nullopt;
    }
    const Dims& shape = specs[0].shape;
    const auto skipped = static_cast<std::ptrdiff_t>(std::min(axes, shape.size()));
    return Dims(shape.begin() + skipped, shape.end());
}

}  // namespace

std::vector<std::pair<std::string, const Chain*>> chains(const Manifest& manifest) {
    std::vector<std::pair<std::string, const Chain*>> found;
    const Conditioners& said = manifest.conditioners;
    if (said.text) {
        found.emplace_back("text", &said.text->graphs);
    }
    if (said.image) {
        found.emplace_back("image", &said.image->graphs);
    }
    if (said.video) {
        found.emplace_back("video", &said.video->graphs);
    }
    if (said.audio) {
        found.emplace_back("audio", &said.audio->graphs);
    }
    return found;
}

void check_chains(const Manifest& manifest) {
    std::unordered_map<std::string, const Graph*> graphs;
    for (const auto& [name, graph] : manifest.graphs) {
        graphs.emplace(name, &graph);
    }
    std::set<std::string> used;
    for (const auto& [modality, names] : chains(manifest)) {
        const Chain& chain = *names;
        const std::string at = "conditioners." + modality + ".graphs";
        std::vector<Role> roles;
        for (const std::string& name : chain) {
            const auto graph = graphs.find(name);
            if (graph == graphs.end()) {
                breach(at + " names \"" + name + "\", and graphs." + name + " is missing");
            }
            roles.push_back(role_of(name, *graph->second));
        }
        const auto known = known_chains(modality);
        if (std::find(known.begin(), known.end(), roles) == known.end()) {
            std::vector<std::string> told;
            for (const auto& each : known) {
                std::vector<std::string> words;
                for (const Role role : each) {
                    words.emplace_back(name_of(role));
                }
                told.push_back(join(words, " > "));
            }
            breach(at + " is \"" + join(chain, " > ") + "\"; known for " + modality + ": " +
                   join(told, " or "));
        }
        used.insert(chain.begin(), chain.end());
        const auto& last = graphs[chain.back()]->outputs;
        if (std::none_of(last.begin(), last.end(),
                         [](const TensorSpec& spec) { return spec.name == "cond"; })) {
            breach(at + " ends in \"" + chain.back() + "\", which has no output \"cond\"");
        }
        if (chain.size() == 2 && modality != "text" && last.size() == 1 &&
            tail(graphs[chain[0]]->outputs, 1) != tail(graphs[chain[1]]->inputs, 2)) {
            breach(at + ": the output of \"" + chain[0] + "\" does not fit into \"" + chain[1] +
                   "\"");
        }
    }
    std::set<std::string> unused;
    for (const auto& entry : manifest.graphs) {
        if (used.count(entry.first) == 0 && !is_generator_role(entry.first)) {
            unused.insert(entry.first);
        }
    }
    if (!unused.empty()) {
        breach("graphs." + *unused.begin() + " is in no conditioner's chain");
    }
}

}  // namespace hearsight
