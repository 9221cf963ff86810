// Where prompts meet in a graph before they are a condition: rules of `engines/FORMAT.md`.

#pragma once

#include "manifest.h"

namespace hearsight {

// Throws Breach if the graph `join` cannot take what `join` promises it. The graphs and the chains
// are sound, and the two are both there or both missing.
void check_join(const Manifest& manifest);

}  // namespace hearsight
