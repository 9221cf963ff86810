#include "engine.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <vector>

#include "axes.h"
#include "error.h"
#include "external.h"
#include "files.h"
#include "golden.h"
#include "library.h"
#include "roles.h"
#include "wording.h"

namespace hearsight {
namespace {

constexpr int most_threads = 256;  // ONNX Runtime ends the process when it can have no more

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
                           "Python's library: let CMake make a library of it that opens "
                           "everywhere (-DHEARSIGHT_PYTHON), or take the native build.");
    }
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
    : bundle_(std::move(bundle)), settings_(std::move(settings)),
      routes_(bundle_, settings_.ort, settings_.wishes) {
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

std::string Engine::provider() const {
    return routes_.choice().provider;
}

std::string Engine::why() const {
    const std::lock_guard<std::mutex> hold(mutex_);
    return routes_.why();
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
    const Opened opened = session(name, [&](const std::string& input) {
        const auto place = std::find_if(inputs.begin(), inputs.end(),
                                        [&](const auto& each) { return each.first == input; });
        try {
            return place == inputs.end() ? Shape() : ort().shape(*place->second);
        } catch (const OrtFailure& problem) {
            fail_memory(name, in_short(problem.what()));  // it fails for nothing else
        }
    });
    std::map<std::string, Value> outputs;
    try {
        auto values = opened.session->run(inputs, &cancel, rests);
        for (std::size_t index = 0; index < values.size(); ++index) {
            outputs.emplace(opened.session->outputs()[index].name, std::move(values[index]));
        }
    } catch (const OrtFailure& problem) {
        fail(name, opened, "run", problem.what(), &cancel);
    } catch (const std::bad_alloc&) {
        fail_memory(name, "the system has no more");
    }
    return outputs;
}

std::pair<Tensor, Tensor> Engine::step(const StepInputs& inputs, Cancel& cancel, bool last) {
    cancel.raise_if();
    const std::pair<const char*, const Tensor*> given[] = {
        {"x", &inputs.x},       {"d_prev", &inputs.d_prev},   {"noise", &inputs.noise},
        {"cond", &inputs.cond}, {"weights", &inputs.weights}, {"row", &inputs.row}};
    const Opened opened = session("denoise", [&](const std::string& input) {
        const auto* place = std::find_if(std::begin(given), std::end(given),
                                         [&](const auto& each) { return each.first == input; });
        return place == std::end(given) ? Shape() : place->second->shape;
    });
    std::pair<Tensor, Tensor> made;
    try {
        made = {zeros(inputs.x.shape), zeros(inputs.x.shape)};
        const Value x = ort().view(inputs.x), d_prev = ort().view(inputs.d_prev);
        const Value noise = ort().view(inputs.noise), cond = ort().view(inputs.cond);
        const Value weights = ort().view(inputs.weights), row = ort().view(inputs.row);
        const Value x_next = ort().view(made.first), d = ort().view(made.second);
        opened.session->run_into({{"x", &x},
                                  {"d_prev", &d_prev},
                                  {"noise", &noise},
                                  {"cond", &cond},
                                  {"weights", &weights},
                                  {"row", &row}},
                                 {{"x_next", &x_next}, {"d", &d}}, &cancel, last);
    } catch (const OrtFailure& problem) {
        fail("denoise", opened, "run", problem.what(), &cancel);
    } catch (const std::bad_alloc&) {
        fail_memory("denoise", "the system has no more");
    }
    return made;
}

Engine::Opened Engine::session(const std::string& name, const ShapeOf& shape) {
    const Graph& graph = this->graph(name);
    for (;;) {
        Route route;
        {
            const std::lock_guard<std::mutex> hold(mutex_);
            route = routes_.of(name, shape);
        }
        // Held once: the weights that ONNX Runtime packs take the place of the mapped ones.
        const std::uint64_t size = find(graph.variants, route.precision)->size();
        settings_.budget->take({this, name}, size, [this, name] {
            const std::lock_guard<std::mutex> hold(mutex_);
            sessions_.erase({name, false});
            sessions_.erase({name, true});
        });
        const std::lock_guard<std::mutex> hold(mutex_);
        const auto kept = sessions_.find({name, route.compiled});
        if (kept != sessions_.end()) {
            return kept->second;
        }
        if (routes_.of(name, shape).compiled != route.compiled) {
            continue;  // another thread has found the compiled graph to be useless
        }
        try {
            return sessions_[{name, route.compiled}] = open(name, route);
        } catch (const Error& problem) {
            sessions_.erase({name, route.compiled});
            if (!route.compiled || problem.status != Status::bundle) {
                throw;
            }
            remark(problem.what());
            routes_.avoid(name, problem.what());
        } catch (...) {
            sessions_.erase({name, route.compiled});
            throw;
        }
    }
}

Engine::Opened Engine::open(const std::string& name, const Route& route) const {
    const Graph& graph = this->graph(name);
    Opened opened{nullptr, routes_.path(name, route), route.compiled};
    const std::string path = shown(opened.path);
    if (!route.compiled) {
        check_external(opened.path, *find(graph.variants, route.precision));
    }
    Opening opening;
    opening.hot = graph.hot;
    opening.threads = settings_.threads;
    opening.remarks = settings_.remarks;
    opening.compiled = route.compiled;
    if (route.compiled) {
        opening.profiles = routes_.profiles(name);
        opening.profile_index = routes_.profile_index();
    }
    if (!route.on_processor) {
        opening.never_build = settings_.wishes.never_build && routes_.choice().compiles();
        opening.attach = [&, settings = routes_.settings(name, route)](OrtSessionOptions* options) {
            attach(ort(), routes_.choice(), options, settings);
        };
    }
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
        opened.session = std::make_shared<const Session>(settings_.ort, opened.path, opening);
        compare(opened.session->inputs(), graph.inputs, path);
        compare(opened.session->outputs(), graph.outputs, path);
        if (route.compiled && routes_.is_unproven(name)) {
            prove(name, opened, route.precision);
        }
    } catch (const OrtFailure& problem) {
        fail(name, opened, "opened", problem.what(), nullptr);
    } catch (const std::bad_alloc&) {
        fail_memory(name, "the system has no more");
    }
    const std::string missing = route.compiled ? "" : routes_.missing(name);
    remark("The graph \"" + name + "\" is run from " + path +
           (missing.empty() ? "." : ", for it is not compiled: " + missing));
    return opened;
}

// Compares a compiled graph that comes from another machine with the bundle's golden tensors.
void Engine::prove(const std::string& name, const Opened& opened, Precision precision) const {
    const auto found =
        golden_snr_db(*bundle_, name, *opened.session, ort(), routes_.profiles(name));
    if (found && *found < least_snr_db(graph(name), precision)) {
        throw Error(Status::bundle, shown(opened.path) +
                                        " computes something else than its bundle's golden outputs "
                                        "say: it is not used.");
    }
}

void Engine::remark(const std::string& text) const {
    if (settings_.remarks) {
        (*settings_.remarks)(ORT_LOGGING_LEVEL_WARNING, text.c_str());
    }
}

void Engine::fail(const std::string& name, const Opened& opened, const char* verb,
                  const std::string& told, const Cancel* cancel) const {
    if (cancel) {
        cancel->raise_if();
    }
    const std::string text = in_short(told);
    if (is_about_memory(text)) {
        fail_memory(name, text);
    }
    throw Error(Status::bundle,
                shown(opened.path) + " cannot be " + verb + ": " + text + ". " +
                    (opened.compiled ? "`runtime-cli engines clean --all` deletes what was "
                                       "compiled; it is built anew when needed."
                                     : "If `runtime-cli bundles verify` finds it intact, the "
                                       "bundle does not suit this version of ONNX Runtime."));
}

void Engine::fail_memory(const std::string& name, const std::string& told) const {
    throw Error(Status::device, "Memory does not suffice for the graph \"" + name +
                                    "\" of the bundle \"" + bundle_->manifest.name +
                                    "\": ask for a shorter sound, or close other programs. (" +
                                    told + ")");
}

}  // namespace hearsight
