#include "engine.h"

#include <algorithm>
#include <cctype>
#include <new>
#include <vector>

#include "error.h"
#include "external.h"
#include "files.h"
#include "library.h"
#include "roles.h"

namespace hearsight {
namespace {

constexpr int most_threads = 256;       // ONNX Runtime ends the process when it can have no more
constexpr std::size_t most_told = 500;  // bytes of what a library says, which may list every node

// One line without its full stop.
std::string in_short(const std::string& text) {
    std::string line;
    for (const char each : text) {
        const bool space = std::isspace(static_cast<unsigned char>(each)) != 0;
        if (!space) {
            line += each;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
    }
    while (!line.empty() && (line.back() == '.' || line.back() == ' ')) {
        line.pop_back();
    }
    if (line.size() > most_told) {
        std::size_t end = most_told;
        while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) {
            --end;  // between characters of UTF-8, not within one
        }
        line.resize(end);
    }
    return line;
}

bool is_about_memory(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
    for (const char* mark :
         {"out of memory", "failed to allocate", "bad_alloc", "bad allocation"}) {
        if (text.find(mark) != std::string::npos) {
            return true;
        }
    }
    return false;
}

// Opens the library for text before ONNX Runtime does, for the loader's own words if it cannot be.
void check_extensions(const std::string& path) {
    try {
        const Library library(path);
    } catch (const Error& problem) {
        const std::string told = problem.what();
        if (told.find("undefined symbol: Py") == std::string::npos &&
            told.find("undefined symbol: _Py") == std::string::npos) {
            throw;
        }
        throw Error(Status::device,
                    told + " It is the build for Python, which opens in a process that has "
                           "Python's library: take the native build (libortextensions), or have "
                           "libpython loaded for all (LD_PRELOAD).");
    }
}

// What the processor plays; every graph has it.
const Variant& played(const Graph& graph) {
    return *find(graph.variants, Precision::fp32);
}

// Of all files of a variant.
std::uint64_t bytes(const Variant& variant) {
    std::int64_t total = variant.bytes;
    for (const DataFile& weights : variant.weights) {
        total += weights.bytes;
    }
    return static_cast<std::uint64_t>(total);
}

// Axes as a manifest would give them; the free ones have no name in common with it.
Dims axes(const Shape& shape) {
    Dims dims;
    for (const std::int64_t size : shape) {
        dims.push_back(size < 0 ? Dim("any") : Dim(size));
    }
    return dims;
}

// Refuses a graph whose tensors are not those of the manifest. An axis that the manifest calls
// free must be free; ONNX may leave more open than is told.
void compare(const std::vector<Port>& found, const std::vector<TensorSpec>& listed,
             const std::string& path) {
    for (const TensorSpec& spec : listed) {
        const auto port = std::find_if(found.begin(), found.end(),
                                       [&](const Port& each) { return each.name == spec.name; });
        if (port == found.end() || found.size() != listed.size()) {
            std::string there;
            for (const Port& each : found) {
                there += (there.empty() ? "" : ", ") + each.name;
            }
            throw Error(Status::bundle,
                        path + " has the tensors " + there + ", and the manifest lists others.");
        }
        bool clash = port->dtype != name_of(spec.dtype) || port->shape.size() != spec.shape.size();
        for (std::size_t axis = 0; !clash && axis < spec.shape.size(); ++axis) {
            clash = port->shape[axis] >= 0 && spec.shape[axis] != Dim(port->shape[axis]);
        }
        if (clash) {
            throw Error(Status::bundle, path + ": \"" + spec.name + "\" is " + port->dtype + " " +
                                            text_of(axes(port->shape)) +
                                            " where the manifest says " + name_of(spec.dtype) +
                                            " " + text_of(spec.shape) + ".");
        }
    }
}

}  // namespace

Engine::Engine(std::shared_ptr<const Bundle> bundle, EngineSettings settings)
    : bundle_(std::move(bundle)), settings_(std::move(settings)) {
    if (settings_.device != "cpu" && settings_.device != "auto") {
        throw Error(Status::device, "The device \"" + settings_.device +
                                        "\" cannot be had: this library runs graphs on the "
                                        "processor. Ask for \"cpu\" or \"auto\".");
    }
    if (settings_.threads < 0 || settings_.threads > most_threads) {
        throw Error(Status::usage, "threads is " + std::to_string(settings_.threads) +
                                       "; it must be a whole number from 0 to " +
                                       std::to_string(most_threads) + ".");
    }
    if (!settings_.budget) {
        settings_.budget = std::make_shared<Budget>();
    }
}

Engine::~Engine() {
    for (const auto& [name, graph] : bundle_->manifest.graphs) {
        settings_.budget->give_back({this, name});
    }
}

std::string Engine::why() const {
    return settings_.device == "cpu" ? "The CPU was asked for."
                                     : "The CPU is what this library runs graphs on.";
}

const Graph& Engine::graph(const std::string& name) const {
    const Graph* found = find(bundle_->manifest.graphs, name);
    if (!found) {
        throw Error(Status::bundle,
                    "The bundle \"" + bundle_->manifest.name + "\" has no graph \"" + name + "\".");
    }
    return *found;
}

std::map<std::string, Value> Engine::run(const std::string& name, const Inputs& inputs,
                                         Cancel& cancel, bool rests) {
    cancel.raise_if();
    const auto opened = session(name);
    std::map<std::string, Value> outputs;
    try {
        auto values = opened->run(inputs, &cancel, rests);
        for (std::size_t index = 0; index < values.size(); ++index) {
            outputs.emplace(opened->outputs()[index].name, std::move(values[index]));
        }
    } catch (const OrtFailure& problem) {
        fail(name, "run", problem.what(), &cancel);
    } catch (const std::bad_alloc&) {
        fail_memory(name, "the system has no more");
    }
    return outputs;
}

std::pair<Tensor, Tensor> Engine::step(const StepInputs& inputs, Cancel& cancel, bool last) {
    cancel.raise_if();
    const auto opened = session("denoise");
    std::pair<Tensor, Tensor> made;
    try {
        made = {zeros(inputs.x.shape), zeros(inputs.x.shape)};
        const Value x = ort().view(inputs.x), d_prev = ort().view(inputs.d_prev);
        const Value noise = ort().view(inputs.noise), cond = ort().view(inputs.cond);
        const Value weights = ort().view(inputs.weights), row = ort().view(inputs.row);
        const Value x_next = ort().view(made.first), d = ort().view(made.second);
        opened->run_into({{"x", &x},
                          {"d_prev", &d_prev},
                          {"noise", &noise},
                          {"cond", &cond},
                          {"weights", &weights},
                          {"row", &row}},
                         {{"x_next", &x_next}, {"d", &d}}, &cancel, last);
    } catch (const OrtFailure& problem) {
        fail("denoise", "run", problem.what(), &cancel);
    } catch (const std::bad_alloc&) {
        fail_memory("denoise", "the system has no more");
    }
    return made;
}

std::shared_ptr<const Session> Engine::session(const std::string& name) {
    const Graph& graph = this->graph(name);
    // Weights of graphs that run many times are held twice: as they are, and packed.
    const std::uint64_t size = bytes(played(graph)) * (graph.hot ? 2 : 1);
    settings_.budget->take({this, name}, size, [this, name] {
        const std::lock_guard<std::mutex> hold(mutex_);
        sessions_.erase(name);
    });
    const std::lock_guard<std::mutex> hold(mutex_);
    auto& kept = sessions_[name];
    if (!kept) {
        try {
            kept = open(name, graph);
        } catch (...) {
            sessions_.erase(name);
            throw;
        }
    }
    return kept;
}

std::shared_ptr<const Session> Engine::open(const std::string& name, const Graph& graph) const {
    const Variant& variant = played(graph);
    const auto file = bundle_->path(variant);
    const std::string path = shown(file);
    check_external(file, variant);
    Opening opening;
    opening.hot = graph.hot;
    opening.threads = settings_.threads;
    opening.remarks = settings_.remarks;
    if (role_of(name, graph) == Role::tokenize) {
        if (settings_.extensions.empty()) {
            throw Error(Status::device,
                        "Text needs the library of onnxruntime-extensions, and no path of it was "
                        "given: name one when the engine is made.");
        }
        check_extensions(settings_.extensions);
        opening.extensions = settings_.extensions;
    }
    try {
        auto session = std::make_shared<const Session>(settings_.ort, file, opening);
        compare(session->inputs(), graph.inputs, path);
        compare(session->outputs(), graph.outputs, path);
        return session;
    } catch (const OrtFailure& problem) {
        fail(name, "opened", problem.what(), nullptr);
    } catch (const std::bad_alloc&) {
        fail_memory(name, "the system has no more");
    }
}

void Engine::fail(const std::string& name, const char* verb, const std::string& told,
                  const Cancel* cancel) const {
    if (cancel) {
        cancel->raise_if();
    }
    const std::string text = in_short(told);
    if (is_about_memory(text)) {
        fail_memory(name, text);
    }
    const std::string path = shown(bundle_->path(played(graph(name))));
    throw Error(Status::bundle, path + " cannot be " + verb + ": " + text +
                                    ". If `runtime-cli bundles verify` finds it intact, the bundle "
                                    "does not suit this version of ONNX Runtime.");
}

void Engine::fail_memory(const std::string& name, const std::string& told) const {
    throw Error(Status::device, "Memory does not suffice for the graph \"" + name +
                                    "\" of the bundle \"" + bundle_->manifest.name +
                                    "\": ask for a shorter sound, or close other programs. (" +
                                    told + ")");
}

}  // namespace hearsight
