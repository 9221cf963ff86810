// Where each graph of a bundle runs, from which file, in which precision, and why there.

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bundle.h"
#include "compiled.h"
#include "device.h"
#include "profiles.h"

namespace hearsight {

// What was asked for.
struct Wishes {
    // `cpu`, `cuda`, `rtx`, `directml`, or `auto` for the best there is here.
    std::string device = "auto";
    // Absolute path of rtx's provider library; empty if there is none.
    std::string provider;
    // Of the graphs that have it; none takes fp16 on a card and fp32 on the processor.
    std::optional<Precision> precision;
    // Where compiled graphs lie; empty looks for none.
    std::string cache_folder;
    // Whether a graph that would first have to be compiled for the device is an error.
    bool never_build = false;
};

// How a graph is run.
struct Route {
    Precision precision = Precision::fp32;
    bool on_processor = true;  // or else on the chosen device
    bool compiled = false;     // whether the file is one that was compiled for it
};

// The routes of one bundle's graphs. One thread at a time.
class Routes {
  public:
    // Throws Error(device): the named device cannot be had, or is to play what was compiled for it
    // alone, and a graph was not; Error(bundle): no graph of the bundle has the named precision.
    Routes(std::shared_ptr<const Bundle> bundle, std::shared_ptr<const Ort> ort, Wishes wishes);

    const Choice& choice() const { return choice_; }

    // Why this device, and what is not compiled for it.
    std::string why() const;

    // The route of a graph for inputs of those shapes.
    // Throws Error(device): it is not compiled for these sizes, and is not to be compiled.
    Route of(const std::string& name, const ShapeOf& shape) const;

    // The file that a route runs. Throws as Bundle::path.
    std::filesystem::path path(const std::string& name, const Route& route) const;

    // Why a compiled graph is not there that was looked for; else empty.
    std::string missing(const std::string& name) const;

    // Use a compiled graph no more, which cannot be opened or computes something else.
    void avoid(const std::string& name, const std::string& why);

    // The compiled graph of that name is used without ever having been compared with its golden
    // outputs on this machine.
    bool is_unproven(const std::string& name) const;

    // What the graph is compiled with on the device, none where its sizes are free.
    const std::vector<Profile>& profiles(const std::string& name) const;

    // Options of the device's provider for a graph that runs there.
    Settings settings(const std::string& name, const Route& route) const;

    // Option of a run that says which profile its sizes fall in; empty if there is none.
    std::string profile_index() const { return choice_.compiles() ? "nv_profile_index" : ""; }

  private:
    void look(const std::string& name);
    void decide();
    Precision run_in(const Graph& graph, Precision precision) const;
    [[noreturn]] void refuse(const std::string& name, const std::string& reason) const;

    std::shared_ptr<const Bundle> bundle_;
    std::shared_ptr<const Ort> ort_;
    Wishes wishes_;
    Choice choice_;
    Precision precision_ = Precision::fp32;
    std::string target_failure_;  // why nothing compiled can be looked for
    Key machine_;                 // what is the same in the keys of all graphs
    std::map<std::string, std::vector<Profile>> profiles_;
    std::map<std::string, Record> compiled_;
    std::map<std::string, std::string> missing_;  // and why
    std::vector<std::string> wanted_;             // graphs that are compiled for the device
};

}  // namespace hearsight
