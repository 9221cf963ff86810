#include "join.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "axes.h"
#include "breach.h"
#include "chains.h"
#include "roles.h"
#include "slots.h"

namespace hearsight {
namespace {

using Specs = std::map<std::string_view, const TensorSpec*>;  // inputs of the graph

bool takes(const JoinInput& input, Sense sense) {
    return std::find(input.takes.begin(), input.takes.end(), sense) != input.takes.end();
}

// Whether an input that has a row for each source takes these prompts.
bool is_listed(const Join& join, Sense sense) {
    return std::any_of(join.inputs.begin(), join.inputs.end(), [&](const JoinInput& each) {
        return each.fill == Fill::list && takes(each, sense);
    });
}

void check_inputs(const std::vector<JoinInput>& inputs) {
    std::set<std::string> names{"weights"};
    for (std::size_t index = 0; index < inputs.size(); ++index) {
        const JoinInput& each = inputs[index];
        const std::string at = "join.inputs[" + std::to_string(index) + "]";
        if (!names.insert(each.name).second || is_noise(each.name)) {
            breach(at + ".name is \"" + each.name +
                   "\"; each needs its own, not weights and not noise");
        }
        if (each.takes.empty()) {
            breach(at + ".takes is empty");
        }
        if (each.fill == Fill::list && each.mean != Mean::unit) {
            breach(at + ".mean is for the fill \"mean\"");
        }
    }
}

// Every kind of prompt whose chain has the join goes to exactly one place.
void check_taken(const Manifest& manifest, const Join& join) {
    std::set<Sense> met;
    for (const auto& [sense, chain] : chains(manifest)) {
        const auto roles = roles_of(manifest, chain);
        if (std::find(roles.begin(), roles.end(), Role::join) == roles.end()) {
            continue;
        }
        met.insert(sense);
        std::ptrdiff_t places = 0;
        for (const JoinInput& each : join.inputs) {
            places += std::count(each.takes.begin(), each.takes.end(), sense);
        }
        if (places != 1) {
            breach(std::string("join.inputs must take \"") + name_of(sense) +
                   "\" at exactly one place");
        }
    }
    for (const JoinInput& each : join.inputs) {
        for (const Sense sense : each.takes) {
            if (met.count(sense) == 0) {
                breach(std::string("join.inputs take \"") + name_of(sense) +
                       "\", whose chain has no join");
            }
        }
    }
}

// Parts of a picture that go straight into a list need a row each.
void check_parts(const Manifest& manifest, const Join& join, Sense sense, std::int64_t max_sources,
                 std::int64_t free) {
    const auto roles = roles_of(manifest, chain_of(manifest, sense));
    const auto end = std::find(roles.begin(), roles.end(), Role::join);
    const bool direct = std::find(roles.begin(), end, Role::detect) != end &&
                        std::find(roles.begin(), end, Role::frames) == end;
    if (direct && is_listed(join, sense) && max_sources > free) {
        breach(std::string("conditioners.") + name_of(sense) + ".max_sources is " +
               std::to_string(max_sources) + ", and join has room for " + std::to_string(free));
    }
}

void check_rows(const Manifest& manifest, const Join& join, const Specs& specs) {
    std::set<std::int64_t> rows;
    std::set<std::string_view> listed;
    bool weights = false;
    for (const JoinInput& each : join.inputs) {
        if (each.fill == Fill::list) {
            listed.insert(each.name);
        }
    }
    for (const auto& [name, spec] : specs) {
        weights = weights || name == "weights";
        if (listed.count(name) != 0 || name == "weights") {
            rows.insert(std::get<std::int64_t>(spec->shape[1]));
        }
    }
    if (rows.size() > 1) {
        breach("join.inputs of the fill list, and weights, must have the same number of rows");
    }
    if (weights && listed.empty()) {
        breach("graphs.join.inputs: \"weights\" needs an input of the fill list");
    }
    if (join.whole && !is_listed(join, Sense::image)) {
        breach("join.whole needs an input of the fill list that takes pictures");
    }
    if (rows.empty()) {
        return;
    }
    const std::int64_t free = *rows.begin() - (join.whole ? 1 : 0);
    if (free <= 0) {
        breach("join has no row for a prompt");
    }
    if (const auto& image = manifest.conditioners.image) {
        check_parts(manifest, join, Sense::image, image->max_sources, free);
    }
    if (const auto& video = manifest.conditioners.video) {
        check_parts(manifest, join, Sense::video, video->max_sources, free);
    }
}

void check_search(const Join& join, const Graph& graph) {
    bool noisy = false;
    std::set<std::string> free;
    for (const TensorSpec& spec : graph.inputs) {
        if (!is_noise(spec.name)) {
            continue;
        }
        noisy = true;
        for (const Dim& dim : spec.shape) {
            if (const auto* symbol = std::get_if<std::string>(&dim)) {
                free.insert(*symbol);
            }
        }
    }
    const auto& search = join.search;
    if (search && std::min({search->rounds, search->candidates, search->draws}) < 1) {
        breach("join.search needs rounds, candidates and draws of at least 1");
    }
    if (search && !noisy) {
        breach("join.search needs inputs of graphs.join that begin with \"noise\"");
    }
    if (!free.empty() && !search) {
        breach("join.search is missing; graphs.join has the free axis " + *free.begin());
    }
}

// Whether what the chains give fits into the inputs that take it.
void check_fits(const Manifest& manifest, const Join& join, const Specs& specs) {
    for (const JoinInput& each : join.inputs) {
        for (const Sense sense : each.takes) {
            const Chain& chain = *chain_of(manifest, sense);
            const auto place = std::find(chain.begin(), chain.end(), "join");
            const std::string& before = *(place - 1);  // no chain begins with a join
            const TensorSpec& given = find(manifest.graphs, before)->outputs.front();
            if (tail(*specs.at(each.name), each.fill == Fill::mean ? 1 : 2) != tail(given, 1)) {
                breach("join.inputs: the output of \"" + before + "\" does not fit into \"" +
                       each.name + "\"");
            }
        }
    }
}

}  // namespace

void check_join(const Manifest& manifest) {
    const Graph* graph = find(manifest.graphs, "join");
    if (!graph || !manifest.join) {
        return;
    }
    const Join& join = *manifest.join;
    check_inputs(join.inputs);
    check_taken(manifest, join);
    Specs specs;
    for (const TensorSpec& spec : graph->inputs) {
        specs.emplace(spec.name, &spec);
    }
    for (const JoinInput& each : join.inputs) {
        const Dims& shape = specs.at(each.name)->shape;
        if (!std::all_of(shape.begin(), shape.end(), is_number)) {
            breach("join.inputs: \"" + each.name + "\" has the shape " + text_of(shape) +
                   "; its axes must be numbers");
        }
    }
    check_rows(manifest, join, specs);
    check_search(join, *graph);
    check_fits(manifest, join, specs);
}

}  // namespace hearsight
