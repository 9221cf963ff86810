// The rules for golden tensors: they are cases of what a graph takes and gives.

#pragma once

#include <string>

#include "graphs.h"

namespace hearsight {

// Throws Breach if the golden tensors of a graph, which `at` names, are none of it.
void check_check(const std::string& at, const Graph& graph, const Check& check);

}  // namespace hearsight
