// Running a bundle's graphs: opened when first needed, and closed when memory is short.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "budget.h"
#include "bundle.h"
#include "cancel.h"
#include "ort.h"
#include "sampler.h"
#include "session.h"

namespace hearsight {

// How the graphs of a bundle are run.
struct EngineSettings {
    std::shared_ptr<const Ort> ort;
    // Absolute path of onnxruntime-extensions' library, which text needs; empty if there is none.
    std::string extensions;
    // `cpu`, or `auto` for the best there is here.
    std::string device = "auto";
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
    // Throws Error(device): the device cannot be had; Error(usage): too many threads.
    Engine(std::shared_ptr<const Bundle> bundle, EngineSettings settings);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // The ONNX Runtime that inputs are made with.
    const Ort& ort() const { return *settings_.ort; }
    const Bundle& bundle() const { return *bundle_; }

    // What runs the graphs, in ONNX Runtime's words, and why: a sentence.
    std::string provider() const { return "CPUExecutionProvider"; }
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
    std::shared_ptr<const Session> session(const std::string& name);
    std::shared_ptr<const Session> open(const std::string& name, const Graph& graph) const;
    [[noreturn]] void fail(const std::string& name, const char* verb, const std::string& told,
                           const Cancel* cancel) const;
    [[noreturn]] void fail_memory(const std::string& name, const std::string& told) const;

    std::shared_ptr<const Bundle> bundle_;
    EngineSettings settings_;
    std::mutex mutex_;  // of the sessions, held while one is opened
    std::map<std::string, std::shared_ptr<const Session>> sessions_;
};

}  // namespace hearsight
