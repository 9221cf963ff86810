// The role table of `engines/FORMAT.md`: which tensors each graph of a bundle must have.

#pragma once

#include <string>
#include <string_view>

#include "manifest.h"

namespace hearsight {

// The role of a graph: the one it gives, or its name. The names of a parsed manifest's graphs
// are roles where they give none.
Role role_of(const std::string& name, const Graph& graph);

// Throw Breach if names and roles, or the tensors of one graph, break the rules.
void check_names(const Manifest& manifest);
void check_graph(const Manifest& manifest, const std::string& name, const Graph& graph);

// Whether graphs of that name are a generator's: denoise, encode, decode, vocoder.
bool is_generator_role(std::string_view name);

}  // namespace hearsight
