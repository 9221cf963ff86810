#include "profiles.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>

#include "chains.h"
#include "decoder.h"
#include "roles.h"

namespace hearsight {
namespace {

// As runtime/hearsight/profiles.py has them.
constexpr std::int64_t most_variations = 4;
constexpr std::int64_t most_branches = 4;
constexpr std::int64_t most_tokens = 512;
constexpr std::int64_t usual_tokens = 16;
constexpr std::int64_t usual_branches = 2;  // a prompt and what guidance leads away from
constexpr std::size_t most_lengths = 3;     // ranges, each half as long as the one before
constexpr std::int64_t usual_signal = 2000, most_signal = 20'000;  // samples of a sensor of motion
constexpr double shortest_heard = 0.1;                             // seconds

using Range = std::array<std::int64_t, 3>;  // least, usual and largest size of an axis
using Ranges = std::map<std::string, Range>;

std::int64_t up(std::int64_t number, std::int64_t divisor) {
    return (number + divisor - 1) / divisor;
}

// Frames of the shortest, the usual and the longest window.
Range frames(const Manifest& manifest) {
    const Defaults& defaults = *manifest.defaults;
    const auto size = [&](double seconds) { return tile(manifest, seconds, false).size; };
    return {size(defaults.limits.min_seconds), size(defaults.seconds),
            size(defaults.limits.max_seconds)};
}

// Ranges of frames, the longest first, that lie side by side and cover all.
std::vector<Range> lengths(const Manifest& manifest) {
    const std::int64_t multiple = manifest.latent->multiple;
    auto [least, usual, most] = frames(manifest);
    std::vector<Range> found;
    while (most >= least) {
        const std::int64_t half = up(up(most, 2), multiple) * multiple;
        const bool last = found.size() == most_lengths - 1 || half < least || half == most;
        const std::int64_t low = last ? least : half + multiple;
        found.push_back({low, low <= usual && usual <= most ? usual : most, most});
        most = last ? least - 1 : half;
    }
    return found;
}

// The widest range of every symbol in one graph.
Ranges widest(const Manifest& manifest, const std::string& name, const Graph& graph) {
    const Conditioners& known = manifest.conditioners;
    std::int64_t pictures = known.video ? known.video->max_frames : 1;
    if (known.image) {
        const auto roles = roles_of(manifest, &known.image->graphs);
        const auto has = [&](Role role) {
            return std::find(roles.begin(), roles.end(), role) != roles.end();
        };
        if (has(Role::detect) && has(Role::frames)) {
            pictures = std::max(pictures, known.image->max_sources);  // stacked like frames
        }
    }
    Ranges found = {{"B", {1, 1, most_variations}},
                    {"G", {1, usual_branches, most_branches}},
                    {"GB", {1, usual_branches, most_variations * most_branches}},
                    {"L", {1, usual_tokens, most_tokens}},
                    {"N", {1, pictures, pictures}}};
    if (manifest.join && manifest.join->search) {
        const Search& search = *manifest.join->search;
        found["R"] = {1, search.rounds, search.rounds};
        found["C"] = {1, search.candidates, search.candidates};
    }
    if (manifest.latent) {
        found["T"] = frames(manifest);
    }
    const Role role = role_of(name, graph);
    if (role == Role::audio && known.audio) {
        const auto rate = static_cast<double>(known.audio->sample_rate);
        const auto most = static_cast<std::int64_t>(std::nearbyint(known.audio->seconds * rate));
        const auto heard = static_cast<std::int64_t>(std::nearbyint(shortest_heard * rate));
        found["S"] = {std::min(known.audio->pad ? most : heard, most), most, most};
    } else if (role == Role::signal) {
        found["S"] = {1, usual_signal, most_signal};
    } else if (manifest.latent) {  // the sound that `encode` takes
        for (std::size_t index = 0; index < 3; ++index) {
            found["S"][index] = manifest.latent->samples_per_frame * found["T"][index];
        }
    }
    return found;
}

// Sizes of `T`, of a multiple such as `80T`, or of another symbol.
Range size_of(const std::string& dim, const Ranges& sizes) {
    if (const auto known = sizes.find(dim); known != sizes.end()) {
        return known->second;
    }
    Range range = sizes.at("T");
    for (std::int64_t& each : range) {
        each *= std::stoll(dim);
    }
    return range;
}

bool is_free(const Dim& dim) {
    return std::holds_alternative<std::string>(dim);
}

Profile profile(const Graph& graph, const Ranges& sizes) {
    Profile made;
    for (const TensorSpec& spec : graph.inputs) {
        if (std::none_of(spec.shape.begin(), spec.shape.end(), is_free)) {
            continue;
        }
        Extent extent{spec.name, {}, {}, {}};
        for (const Dim& dim : spec.shape) {
            const auto* fixed = std::get_if<std::int64_t>(&dim);
            const Range range =
                fixed ? Range{*fixed, *fixed, *fixed} : size_of(std::get<std::string>(dim), sizes);
            extent.least.push_back(range[0]);
            extent.usual.push_back(range[1]);
            extent.most.push_back(range[2]);
        }
        made.push_back(extent);
    }
    return made;
}

bool takes(const Extent& extent, const Shape& shape) {
    bool within = shape.size() == extent.least.size();
    for (std::size_t axis = 0; within && axis < shape.size(); ++axis) {
        within = extent.least[axis] <= shape[axis] && shape[axis] <= extent.most[axis];
    }
    return within;
}

std::string spelled(const Shape& shape) {
    std::string text;
    for (const std::int64_t size : shape) {
        text += (text.empty() ? "" : "x") + std::to_string(size);
    }
    return text;
}

}  // namespace

std::vector<Profile> profiles(const Manifest& manifest, const std::string& name) {
    const Graph& graph = *find(manifest.graphs, name);
    std::set<std::string> dims;
    for (const TensorSpec& spec : graph.inputs) {
        for (const Dim& dim : spec.shape) {
            if (is_free(dim)) {
                dims.insert(std::get<std::string>(dim));
            }
        }
    }
    if (dims.empty() || dims.count("H") || dims.count("W")) {
        return {};
    }
    const Ranges wide = widest(manifest, name, graph);
    std::vector<Profile> made{profile(graph, wide)};
    if (std::any_of(dims.begin(), dims.end(), [](const auto& dim) { return dim.back() == 'T'; })) {
        for (const Range& length : lengths(manifest)) {
            Ranges one = wide;
            one["B"] = {1, 1, 1};
            one["G"] = one["GB"] = {1, usual_branches, usual_branches};
            one["T"] = length;
            made.push_back(profile(graph, one));
        }
    }
    return made;
}

std::optional<std::size_t> fitting(const std::vector<Profile>& made, const ShapeOf& shape) {
    for (std::size_t index = made.size(); index-- > 0;) {
        const Profile& profile = made[index];
        if (std::all_of(profile.begin(), profile.end(),
                        [&](const Extent& extent) { return takes(extent, shape(extent.name)); })) {
            return index;
        }
    }
    return std::nullopt;
}

std::string text_of(const std::vector<Profile>& made) {
    std::string text;
    for (const Profile& profile : made) {
        std::string part;
        for (const Extent& extent : profile) {
            part += (part.empty() ? "" : ", ") + extent.name + " " + spelled(extent.least) + " " +
                    spelled(extent.usual) + " " + spelled(extent.most);
        }
        text += (text.empty() ? "" : "; ") + part;
    }
    return text;
}

std::string sizes_of(const std::vector<Profile>& made, Shape Extent::*size) {
    std::string text;
    for (const Profile& profile : made) {
        for (const Extent& extent : profile) {
            text += (text.empty() ? "" : ",") + extent.name + ":" + spelled(extent.*size);
        }
    }
    return text;
}

}  // namespace hearsight
