// What a manifest must say beyond its types: the rules of `engines/FORMAT.md`, as code.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifest.h"

namespace hearsight {

// A place where the manifest names a file: key path, the file, and the tensor if it is one.
struct Listed {
    std::string at;
    const DataFile* file;
    const TensorFile* tensor;
};

// Every file the manifest lists, in its order; a file may come twice. Points into `manifest`.
std::vector<Listed> files(const Manifest& manifest);

// Whether a bundle may be called that: never a path.
bool is_name(std::string_view text);

// Throws Breach at the first rule of format 1 that is broken, the one to mend first.
void check_contract(const Manifest& manifest);

}  // namespace hearsight
