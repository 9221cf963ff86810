// The tensors of each role, as the table of `engines/FORMAT.md` has them.

#pragma once

#include <string_view>
#include <vector>

#include "manifest.h"

namespace hearsight {

// A tensor of the role table. An axis is a number or symbol that stands for itself, `*latent`
// and `*space` for those shapes, `L` and `S` also for a fixed length, `#` for any number, `...`
// for one or more axes of any size.
struct Slot {
    std::string_view name;
    DType dtype;
    const char* shape;
    bool optional = false;
};

using Slots = std::vector<Slot>;

// What a graph of the role may take, and what it gives. Point into `manifest` and `graph`.
Slots inputs(const Manifest& manifest, Role role, const Graph& graph);
Slots outputs(const Manifest& manifest, Role role, const Graph& graph);

// Whether graphs of a role may take noise inputs beside their own.
bool is_noisy(Role role);

// Whether an input of such a graph is noise, by its name.
bool is_noise(std::string_view name);

}  // namespace hearsight
