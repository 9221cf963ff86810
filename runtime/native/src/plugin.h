// Providers that come as a library of their own, beside any ONNX Runtime from 1.22 on.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ort.h"

namespace hearsight {

// Options of a provider, by name.
using Settings = std::vector<std::pair<std::string, std::string>>;

// Registers the library at an absolute path under the provider's name, once, and gives how many
// devices the provider finds.
// Throws Error(device): ONNX Runtime is too old, the library cannot be opened, or another one has
// that name in this process; OrtFailure: what else ONNX Runtime says.
std::size_t register_plugin(const Ort& ort, const std::string& name, const std::string& path);

// Has the first device of a registered provider run what is opened with these options.
// Throws OrtFailure, also where there is none.
void append_plugin(const Ort& ort, const std::string& name, OrtSessionOptions* options,
                   const Settings& settings);

}  // namespace hearsight
