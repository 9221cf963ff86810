// The graphs that conditioners run one after the other.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "manifest.h"

namespace hearsight {

using Chain = std::vector<std::string>;

// The modalities that are understood and their chains of graphs, in the order of the format.
// Points into `manifest`.
std::vector<std::pair<std::string, const Chain*>> chains(const Manifest& manifest);

// Throws Breach if a chain is not of a kind that the format knows, or a graph is in none.
void check_chains(const Manifest& manifest);

}  // namespace hearsight
