// Bundles: opened and checked before anything in them runs.

#pragma once

#include <filesystem>
#include <string>

#include "manifest.h"
#include "tensor.h"

namespace hearsight {

// An opened bundle: its folder, what it says about itself, and the hash of saying so.
struct Bundle {
    std::filesystem::path root;
    Manifest manifest;
    std::string sha256;

    // Where a listed file lies.
    // Throws Error(bundle) if the path, or a link on the way, leaves the bundle's folder.
    std::filesystem::path path(const DataFile& listed) const;

    // A stored tensor of float32, such as `space.empty`.
    // Throws Error(bundle) if the file has another size or type, Error(file) if it is unreadable.
    Tensor tensor(const TensorFile& listed) const;
};

// Whether opening also hashes every file, which takes seconds for each gigabyte.
enum class Verify { none, all };

// Opens the bundle in the folder `path` (UTF-8), or whose `bundle.json` it names. All files are
// checked for presence and size. Nothing is loaded yet: each ONNX file must pass check_external
// before ONNX Runtime opens it.
// Throws Error(bundle): not there, not of this format, broken rules, missing or changed files.
Bundle open_bundle(const std::string& path, Verify verify);

// Hashes every file of an opened bundle. Throws Error(bundle) naming the first that is not as
// listed.
void verify(const Bundle& bundle);

// `file` below `root`, after following links. Throws Error(bundle) if it lies outside.
std::filesystem::path confined(const std::filesystem::path& root, const std::string& file);

}  // namespace hearsight
