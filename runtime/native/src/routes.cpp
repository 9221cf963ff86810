#include "routes.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "error.h"
#include "files.h"
#include "golden.h"
#include "library.h"
#include "machine.h"
#include "roles.h"
#include "wording.h"

namespace hearsight {
namespace {

namespace fs = std::filesystem;

// The precisions of all graphs.
std::set<std::string> held(const Manifest& manifest) {
    std::set<std::string> all;
    for (const auto& [name, graph] : manifest.graphs) {
        for (const auto& [precision, variant] : graph.variants) {
            all.insert(name_of(precision));
        }
    }
    return all;
}

void check_precision(const Manifest& manifest, Precision precision) {
    const auto all = held(manifest);
    if (all.count(name_of(precision))) {
        return;
    }
    std::string known;
    for (const std::string& each : all) {
        known += (known.empty() ? "" : ", ") + each;
    }
    throw Error(Status::bundle, "The bundle \"" + manifest.name + "\" has no graph in " +
                                    name_of(precision) + "; it has " + known + ".");
}

// The graphs that are compiled for a device, those that run many times a sound first. For
// TensorRT that is everything but what takes text or finds any number of parts. For the processor,
// whose graphs are only rearranged, opening faster does not pay for what runs once a sound.
std::vector<std::string> compilable(const Manifest& manifest, const Choice& choice) {
    std::vector<std::string> hot, rest;
    for (const auto& [name, graph] : manifest.graphs) {
        if (graph.hot) {
            hot.push_back(name);
        } else if (choice.compiles() && role_of(name, graph) != Role::tokenize &&
                   role_of(name, graph) != Role::detect) {
            rest.push_back(name);
        }
    }
    if (!choice.compiles() && !choice.on_processor()) {
        return {};
    }
    hot.insert(hot.end(), rest.begin(), rest.end());
    return hot;
}

// Name and version of TensorRT-RTX, whose library lies beside the provider's.
std::string rtx_builder(const std::string& provider) {
#ifdef _WIN32
    const std::string start = "tensorrt_rtx", end = ".dll";
#else
    const std::string start = "libtensorrt_rtx.so", end;
#endif
    std::string library;
    std::error_code failed;
    for (fs::directory_iterator each(fs::u8path(provider).parent_path(), failed), last;
         !failed && each != last; each.increment(failed)) {
        const std::string name = each->path().filename().u8string();
        const bool fits = name.rfind(start, 0) == 0 && name.size() >= start.size() + end.size() &&
                          name.compare(name.size() - end.size(), end.size(), end) == 0;
        // Shorter names may be links to it.
        if (fits && name.size() > fs::u8path(library).filename().u8string().size()) {
            library = each->path().u8string();
        }
    }
    if (library.empty()) {
        throw Error(Status::device, "no " + start + " lies beside " + provider + ".");
    }
    const Library opened(library);
    std::string version;
    for (const char* part : {"Major", "Minor", "Patch", "Build"}) {
        const std::string name = std::string("getInferLib") + part + "Version";
        version +=
            (version.empty() ? "" : ".") + std::to_string(opened.function<int()>(name.c_str())());
    }
    return "TensorRT-RTX " + version;
}

}  // namespace

Routes::Routes(std::shared_ptr<const Bundle> bundle, std::shared_ptr<const Ort> ort, Wishes wishes)
    : bundle_(std::move(bundle)), ort_(std::move(ort)), wishes_(std::move(wishes)) {
    if (wishes_.precision) {
        check_precision(bundle_->manifest, *wishes_.precision);
    }
    choice_ = choose(*ort_, wishes_.device, wishes_.provider);
    decide();
    const auto is_lost = [&](const std::string& name) {
        return find(bundle_->manifest.graphs, name)->hot && missing_.count(name);
    };
    const auto lost = std::find_if(wanted_.begin(), wanted_.end(), is_lost);
    if (choice_.compiles() && lost != wanted_.end()) {
        if (wishes_.device == "auto") {
            // Nobody who let it choose wants to wait for minutes.
            const std::string why = "The CPU, for graphs are not compiled for " + choice_.device +
                                    ", which works on this machine: " + *lost + ": " +
                                    missing_[*lost];
            choice_ = Choice();
            choice_.why = why;
            decide();
        } else if (wishes_.never_build) {
            refuse(*lost, missing_[*lost]);
        }
    }
}

// What follows from the device.
void Routes::decide() {
    compiled_.clear();
    missing_.clear();
    profiles_.clear();
    const bool halved = !choice_.on_processor() && held(bundle_->manifest).count("fp16");
    precision_ = wishes_.precision.value_or(halved ? Precision::fp16 : Precision::fp32);
    wanted_ = compilable(bundle_->manifest, choice_);
    target_failure_ = wishes_.cache_folder.empty() ? "No cache folder was given." : "";
    machine_ = Key();
    machine_.system = system_name();
    machine_.targets = {""};
    if (choice_.on_processor()) {
        machine_.builder = "ONNX Runtime " + ort_->version();
        machine_.card = processor_name();
    } else if (choice_.compiles()) {
        try {
            machine_.builder = rtx_builder(wishes_.provider);
        } catch (const Error& problem) {
            target_failure_ =
                "TensorRT-RTX cannot be asked for its version: " + in_short(problem.what()) + ".";
        }
        machine_.targets = {choice_.card->capability()};
        machine_.card = choice_.card->name;
        machine_.driver = choice_.card->driver;
    }
    for (const std::string& name : wanted_) {
        if (choice_.compiles()) {
            profiles_[name] = hearsight::profiles(bundle_->manifest, name);
        }
        look(name);
    }
}

void Routes::look(const std::string& name) {
    if (!target_failure_.empty()) {
        missing_[name] = target_failure_;
        return;
    }
    const Manifest& manifest = bundle_->manifest;
    const Graph& graph = *find(manifest.graphs, name);
    const Precision precision = run_in(graph, precision_);
    Key key = machine_;
    key.graph = graph_hash(*find(graph.variants, precision));
    key.precision = name_of(precision);
    key.profile = text_of(profiles(name));
    Found found = find_compiled(fs::u8path(wishes_.cache_folder), key, manifest.name, name,
                                least_snr_db(graph, precision));
    if (found.record) {
        compiled_.emplace(name, *std::move(found.record));
    } else {
        missing_[name] = found.reason;
    }
}

Precision Routes::run_in(const Graph& graph, Precision precision) const {
    return find(graph.variants, precision) ? precision : Precision::fp32;
}

std::string Routes::why() const {
    if (!choice_.compiles() || missing_.empty()) {
        return choice_.why;
    }
    const auto& [name, reason] = *missing_.begin();
    return choice_.why + " " + name + " is not compiled for it: " + reason;
}

Route Routes::of(const std::string& name, const ShapeOf& shape) const {
    const Graph& graph = *find(bundle_->manifest.graphs, name);
    Route route;
    route.precision = run_in(graph, precision_);
    const auto& made = profiles(name);
    const auto place = compiled_.find(name);
    const bool fits = place != compiled_.end() && (made.empty() || fitting(made, shape));
    if (fits) {
        route.compiled = true;
        route.on_processor = choice_.on_processor();
        return route;
    }
    route.on_processor = choice_.on_processor() || role_of(name, graph) == Role::tokenize;
    if (choice_.compiles() && !route.on_processor) {
        const bool found = place != compiled_.end();
        const bool stays = wishes_.never_build || wishes_.device == "auto";
        if (stays && graph.hot && wishes_.device != "auto") {
            refuse(name,
                   found ? "its sizes lie outside those it was compiled for." : missing_.at(name));
        }
        route.on_processor = stays;
    }
    if (route.on_processor && !choice_.on_processor()) {
        route.precision = run_in(graph, wishes_.precision.value_or(Precision::fp32));
    }
    return route;
}

fs::path Routes::path(const std::string& name, const Route& route) const {
    return route.compiled ? compiled_.at(name).file()
                          : bundle_->path(*find(find(bundle_->manifest.graphs, name)->variants,
                                                route.precision));
}

std::string Routes::missing(const std::string& name) const {
    const auto place = missing_.find(name);
    return place == missing_.end() || wishes_.cache_folder.empty() ? "" : place->second;
}

void Routes::avoid(const std::string& name, const std::string& why) {
    compiled_.erase(name);
    missing_[name] = why;
}

bool Routes::is_unproven(const std::string& name) const {
    const auto place = compiled_.find(name);
    return place != compiled_.end() && !place->second.snr_db;
}

const std::vector<Profile>& Routes::profiles(const std::string& name) const {
    static const auto& free = *new std::vector<Profile>;  // never destroyed: the host may end first
    const auto place = profiles_.find(name);
    return place == profiles_.end() ? free : place->second;
}

Settings Routes::settings(const std::string& name, const Route& route) const {
    if (!choice_.compiles() || route.on_processor) {
        return {};
    }
    Settings told;
    if (find(bundle_->manifest.graphs, name)->hot) {
        told.emplace_back("nv_persistent_context_memory", "1");
    }
    if (!wishes_.cache_folder.empty()) {
        const fs::path folder = fs::u8path(wishes_.cache_folder) / ".runtime";
        std::error_code failed;
        fs::create_directories(folder, failed);
        if (!failed) {
            told.emplace_back("nv_runtime_cache_path", folder.u8string());
        }
    }
    const auto& made = profiles(name);
    if (made.size() > 1) {
        told.emplace_back("nv_multi_profile_enable", "1");
    }
    if (!route.compiled && !made.empty()) {
        told.emplace_back("nv_profile_min_shapes", sizes_of(made, &Extent::least));
        told.emplace_back("nv_profile_opt_shapes", sizes_of(made, &Extent::usual));
        told.emplace_back("nv_profile_max_shapes", sizes_of(made, &Extent::most));
    }
    return told;
}

void Routes::refuse(const std::string& name, const std::string& reason) const {
    throw Error(Status::device, "The graph \"" + name + "\" is not compiled for " + choice_.device +
                                    ", and never_build forbids to compile it: " + reason +
                                    " `runtime-cli engines build " + bundle_->manifest.name +
                                    " --device " + choice_.device + "` compiles it.");
}

}  // namespace hearsight
