// Running a bundle's graphs: opened when first needed, and closed when memory is short.

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "budget.h"
#include "bundle.h"
#include "cancel.h"
#include "ort.h"
#include "routes.h"
#include "sampler.h"
#include "session.h"

namespace hearsight {

// How the graphs of a bundle are run.
struct EngineSettings {
    std::shared_ptr<const Ort> ort;
    // Absolute path of onnxruntime-extensions' library, which text needs; empty if there is none.
    std::string extensions;
    Wishes wishes;
    // Threads of one graph's run, up to 256; 0 lets ONNX Runtime decide.
    int threads = 0;
    // Shared by the engines that it is for; null closes nothing.
    std::shared_ptr<Budget> budget;
    // Where ONNX Runtime's remarks go; null is nowhere.
    std::shared_ptr<const Remarks> remarks;
};

// The graphs of one bundle. Several threads may use an engine.
class Engine {
  public:
    // Throws as Routes; Error(usage): too many threads.
    Engine(std::shared_ptr<const Bundle> bundle, EngineSettings settings);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // The ONNX Runtime that inputs are made with.
    const Ort& ort() const { return *settings_.ort; }
    const Bundle& bundle() const { return *bundle_; }

    // What runs the graphs, in ONNX Runtime's words, and why: a sentence.
    std::string provider() const;
    std::string why() const;

    // Runs a graph on named inputs; gives its outputs by name. A graph that `rests` gives back
    // working memory, for another one will run next.
    // Throws Error(cancelled); Error(bundle): the graph is missing or broken, names the file;
    // Error(device): memory does not suffice, or the library for text cannot be had.
    std::map<std::string, Value> run(const std::string& name, const Inputs& inputs, Cancel& cancel,
                                     bool rests = true);

    // Runs the denoise graph: `x_next` and `d`, of the shape of `x`. `last` is the last run for a
    // sound. Throws as `run`.
    std::pair<Tensor, Tensor> step(const StepInputs& inputs, Cancel& cancel, bool last);

    // The manifest's entry for a graph; throws Error(bundle) if there is none.
    const Graph& graph(const std::string& name) const;

  private:
    // A graph that is open, and what it is run from.
    struct Opened {
        std::shared_ptr<const Session> session;
        std::filesystem::path path;
        bool compiled = false;
    };

    Opened session(const std::string& name, const ShapeOf& shape);
    Opened open(const std::string& name, const Route& route) const;
    void prove(const std::string& name, const Opened& opened, Precision precision) const;
    void remark(const std::string& text) const;
    [[noreturn]] void fail(const std::string& name, const Opened& opened, const char* verb,
                           const std::string& told, const Cancel* cancel) const;
    [[noreturn]] void fail_memory(const std::string& name, const std::string& told) const;

    std::shared_ptr<const Bundle> bundle_;
    EngineSettings settings_;
    mutable std::mutex mutex_;  // of what follows, held while a session is opened
    Routes routes_;
    // By name, and whether what was compiled is run.
    std::map<std::pair<std::string, bool>, Opened> sessions_;
};

}  // namespace hearsight
