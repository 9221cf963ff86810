// What decides whether a compiled graph may be run on a machine, and how two such keys differ.

#pragma once

#include <string>
#include <vector>

#include "manifest.h"

namespace hearsight {

// As `key` in `engines/FORMAT.md`, "Compiled graphs".
struct Key {
    std::string graph;  // `graph_hash` of its variant
    std::string precision;
    std::string profile;               // canonical text of the sizes, empty where they are free
    std::string builder;               // name and version
    std::vector<std::string> targets;  // compute capabilities, or one empty text
    std::string card;                  // empty for every one of the targets
    std::string driver;                // empty when it does not matter
    std::string system;
};

// 32 hexadecimal digits that stand for all of it, the same as the Python player's.
std::string digest(const Key& key);

// SHA-256 over the hashes of a variant's files: the ONNX file, then the weights in order.
std::string graph_hash(const Variant& variant);

// Why what was built under one key cannot be used where another is wanted, in sentences; none
// means that it fits: it may be built for more targets than are wanted, for any card or driver.
std::vector<std::string> differences(const Key& built, const Key& wanted);

// Why none of the keys, which are of the same graph, fits; told by the nearest.
std::string reason(const std::vector<Key>& near, const Key& wanted);

}  // namespace hearsight
