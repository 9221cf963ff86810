// The graphs that conditioners run one after the other.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "manifest.h"

namespace hearsight {

// The names of the graphs that prompts of a kind go through; null where it is not understood.
// Points into `manifest`.
const Chain* chain_of(const Manifest& manifest, Sense sense);

// The kinds of prompt that are understood and their chains, in the order of the format, likewise.
std::vector<std::pair<Sense, const Chain*>> chains(const Manifest& manifest);

// The roles of a chain's graphs, which are all there; none for null.
std::vector<Role> roles_of(const Manifest& manifest, const Chain* chain);

// Throws Breach if a chain is not of a kind that the format knows, if what it hears or sees is not
// what its graphs take, or if a graph is in none. The graphs alone are sound.
void check_chains(const Manifest& manifest);

}  // namespace hearsight
