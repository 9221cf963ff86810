// Which other files an ONNX file would read, told before anything opens it.
//
// Older versions of ONNX Runtime (seen with 1.23) follow such names out of the folder, and none
// knows which files a bundle lists and hashes.

#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "manifest.h"

namespace hearsight {

// Refuses the graph at `path` if it would read files that its variant does not list.
// Throws Error(bundle) naming it if it does, or is no ONNX file.
void check_external(const std::filesystem::path& path, const Variant& variant);

// The files that a serialised ONNX model names, as they are written in it: locations of external
// data, and engines that nodes of compiled graphs refer to (`ep_cache_context`).
// Throws std::invalid_argument if the bytes are no sound protobuf message.
std::set<std::string> external_files(std::string_view model);

}  // namespace hearsight
