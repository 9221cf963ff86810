#include "chains.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <string_view>

#include "axes.h"
#include "breach.h"
#include "join.h"
#include "roles.h"

namespace hearsight {
namespace {

using Roles = std::vector<Role>;

constexpr std::size_t longest = 4;  // of them

// The chains of roles that prompts of a kind may have.
std::vector<const char*> known_chains(Sense sense) {
    switch (sense) {
    case Sense::text:
        return {"tokenize > text", "tokenize > text > join"};
    case Sense::image:
        return {"image",
                "image > join",
                "image > frames",
                "image > frames > join",
                "detect > image > join",
                "detect > image > frames",
                "detect > image > frames > join"};
    case Sense::video:
        return {"image > frames",        "image > frames > join",
                "image > join > frames", "detect > image > join > frames",
                "moment > frames",       "moment > frames > join"};
    case Sense::audio:
        return {"audio", "audio > join", "audio > frames", "audio > frames > join"};
    case Sense::depth:
    case Sense::thermal:
        return {"image", "image > join"};
    case Sense::imu:
        break;
    }
    return {"signal", "signal > join"};
}

template <typename Parts, typename Spelling>
std::string joined(const Parts& parts, const char* between, Spelling spelling) {
    std::string text;
    for (const auto& part : parts) {
        text += (&part == &*parts.begin() ? "" : between) + std::string(spelling(part));
    }
    return text;
}

bool has(const std::vector<TensorSpec>& specs, const char* name) {
    return std::any_of(specs.begin(), specs.end(),
                       [name](const TensorSpec& spec) { return spec.name == name; });
}

bool has(const Roles& roles, Role role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
}

// What must pass from one graph of a chain to the next.
void check_links(const Manifest& manifest, const Chain& chain, const Roles& roles,
                 const std::string& at) {
    for (std::size_t index = 0; index < chain.size(); ++index) {
        const std::string& name = chain[index];
        const auto& given = find(manifest.graphs, name)->outputs;
        const bool last = index + 1 == chain.size();
        if (roles[index] == Role::tokenize || roles[index] == Role::detect) {
            continue;
        }
        // A picture's condition may also be what is gathered over the frames of a video.
        const bool gathered = !last && roles[index + 1] == Role::frames;
        if (gathered) {
            const auto& taken = find(manifest.graphs, chain[index + 1])->inputs;
            const auto frames =
                std::find_if(taken.begin(), taken.end(),
                             [](const TensorSpec& spec) { return spec.name == "frames"; });
            if (tail(given.front(), 1) != tail(*frames, 2)) {
                breach(at + ": the output of \"" + name + "\" does not fit into \"" +
                       chain[index + 1] + "\"");
            }
        }
        if (last && !has(given, "cond")) {
            breach(at + " ends in \"" + name + "\", which has no output \"cond\"");
        }
        if (!last && !gathered && !has(given, "embed")) {
            breach(at + ": \"" + name + "\" stands before \"" + chain[index + 1] +
                   "\", and has no output \"embed\"");
        }
    }
}

// How pictures, and the frames of videos, are looked at.
void check_looking(const Manifest& manifest, Sense sense, std::int64_t max_sources) {
    const Chain& chain = *chain_of(manifest, sense);
    const Roles roles = roles_of(manifest, &chain);
    const std::string at = std::string("conditioners.") + name_of(sense);
    const bool detects = has(roles, Role::detect);
    if (max_sources < 1) {
        breach(at + ".max_sources must be at least 1");
    }
    if (!detects && max_sources != default_sources) {
        breach(at + ".max_sources is for a chain that begins with detect");
    }
    const auto looks = std::find(roles.begin(), roles.end(), Role::image) - roles.begin();
    if (detects) {
        const std::string& looking = chain[static_cast<std::size_t>(looks)];
        if (!has(find(manifest.graphs, looking)->inputs, "box")) {
            breach(at + ".graphs: \"" + looking +
                   "\" comes after detect, and has no input \"box\"");
        }
    }
}

void check_pictures(const Manifest& manifest) {
    if (const auto& image = manifest.conditioners.image) {
        check_looking(manifest, Sense::image, image->max_sources);
    }
    const auto& video = manifest.conditioners.video;
    if (!video) {
        return;
    }
    check_looking(manifest, Sense::video, video->max_sources);
    if (has(roles_of(manifest, &video->graphs), Role::moment)) {
        if (video->moment_seconds <= 0 || video->fps != 0) {
            breach("conditioners.video takes moments: moment_seconds must be above 0, and fps 0");
        }
    } else if (video->moment_seconds != 0) {
        breach("conditioners.video.moment_seconds is for a chain that begins with moment");
    }
}

// Whether sounds come as long as the graph that takes them wants.
template <typename Heard>
void check_length(const Manifest& manifest, const std::string& at, const Heard& heard) {
    const std::string& name = heard.graphs.front();
    const TensorSpec& spec = find(manifest.graphs, name)->inputs.front();
    const auto* wanted = std::get_if<std::int64_t>(&spec.shape[1]);
    if (!wanted) {
        return;
    }
    const std::string takes = "graphs." + name + ".inputs: \"" + spec.name + "\" takes " +
                              std::to_string(*wanted) + " samples, and " + at;
    if (!heard.pad) {
        breach(takes + ".pad is false");
    }
    const auto given = static_cast<std::int64_t>(
        std::nearbyint(heard.seconds * static_cast<double>(heard.sample_rate)));
    if (*wanted != given) {
        breach(takes + " gives " + std::to_string(given));
    }
}

}  // namespace

const Chain* chain_of(const Manifest& manifest, Sense sense) {
    const Conditioners& known = manifest.conditioners;
    const auto graphs = [](const auto& part) { return part ? &part->graphs : nullptr; };
    switch (sense) {
    case Sense::text:
        return graphs(known.text);
    case Sense::image:
        return graphs(known.image);
    case Sense::video:
        return graphs(known.video);
    case Sense::audio:
        return graphs(known.audio);
    case Sense::depth:
        return graphs(known.depth);
    case Sense::thermal:
        return graphs(known.thermal);
    case Sense::imu:
        break;
    }
    return graphs(known.imu);
}

std::vector<std::pair<Sense, const Chain*>> chains(const Manifest& manifest) {
    std::vector<std::pair<Sense, const Chain*>> found;
    for (std::size_t index = 0; index < names<Sense>().count; ++index) {
        const auto sense = static_cast<Sense>(index);
        if (const Chain* chain = chain_of(manifest, sense)) {
            found.emplace_back(sense, chain);
        }
    }
    return found;
}

std::vector<Role> roles_of(const Manifest& manifest, const Chain* chain) {
    Roles roles;
    for (const std::string& name : chain ? *chain : Chain()) {
        roles.push_back(role_of(name, *find(manifest.graphs, name)));
    }
    return roles;
}

void check_chains(const Manifest& manifest) {
    std::set<std::string> unused;
    std::set<std::string_view> there;
    for (const auto& entry : manifest.graphs) {
        there.insert(entry.first);
        if (!is_generator_role(entry.first)) {
            unused.insert(entry.first);
        }
    }
    for (const auto& [sense, chain] : chains(manifest)) {
        const std::string at = std::string("conditioners.") + name_of(sense) + ".graphs";
        for (const std::string& name : *chain) {
            if (there.count(name) == 0) {
                breach(at + " names \"" + name + "\", and graphs." + name + " is missing");
            }
        }
        const Roles roles = chain->size() > longest ? Roles() : roles_of(manifest, chain);
        const std::string told = joined(roles, " > ", name_of<Role>);
        const auto known = known_chains(sense);
        if (std::find(known.begin(), known.end(), told) == known.end()) {
            const auto itself = [](const auto& text) { return text; };
            breach(at + " is \"" + joined(*chain, " > ", itself) + "\"; known for " +
                   name_of(sense) + ": " + joined(known, " or ", itself));
        }
        for (const std::string& name : *chain) {
            unused.erase(name);
        }
        check_links(manifest, *chain, roles, at);
    }
    check_pictures(manifest);
    check_join(manifest);
    if (const auto& heard = manifest.conditioners.audio) {
        check_length(manifest, "conditioners.audio", *heard);
    }
    if (manifest.classifier) {
        check_length(manifest, "classifier", *manifest.classifier);
        unused.erase("classify");
    }
    if (!unused.empty()) {
        breach("graphs." + *unused.begin() + " is in no conditioner's chain");
    }
}

}  // namespace hearsight
