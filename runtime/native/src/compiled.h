// Compiled graphs of this machine: read from the folder that the Python player keeps them in, each
// with the key it was built for. Nothing is written there.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "keys.h"
#include "manifest.h"

namespace hearsight {

// `record.json`, which lies beside the files of a compiled graph, and its folder.
struct Record {
    std::filesystem::path folder;
    Key key;
    std::string bundle;
    std::string name;
    std::vector<DataFile> files;   // in the same folder
    std::optional<double> snr_db;  // against the golden outputs, measured on this machine

    // What ONNX Runtime opens.
    std::filesystem::path file() const { return folder / std::filesystem::u8path(name + ".onnx"); }
};

// A compiled graph that fits and whose files are as they were built, or why there is none, in
// sentences.
struct Found {
    std::optional<Record> record;
    std::string reason;
};

// Looks for the compiled graph that fits a key. `bundle` and `name` are those of the graph: with
// them a reason can tell that it has changed. One that came less near to its golden outputs than
// `least_snr_db` is none. Every file of what fits is hashed.
Found find_compiled(const std::filesystem::path& store, const Key& wanted,
                    const std::string& bundle, const std::string& name, double least_snr_db);

}  // namespace hearsight
