// One graph of a bundle, opened to be run.

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cancel.h"
#include "ort.h"
#include "profiles.h"

namespace hearsight {

// Where ONNX Runtime's own remarks go: its severity (0 verbose to 4 fatal) and a text. Called
// from whichever thread runs the graph, and from several at once.
using Remarks = std::function<void(int severity, const char* text)>;

// How a graph is opened.
struct Opening {
    // Hot graphs run many times a sound. Weights of the others are used as they lie in the file,
    // mapped, which opens them in milliseconds and costs a fifth of their speed.
    bool hot = false;
    // Threads of one run; 0 lets ONNX Runtime decide.
    int threads = 0;
    // Has a device other than the processor run it; nothing keeps it on the processor.
    std::function<void(OrtSessionOptions*)> attach;
    // Whether the file was compiled for the device, so that nothing in it is to be rearranged.
    bool compiled = false;
    // Whether a device that would first have to compile it refuses.
    bool never_build = false;
    // That it was compiled with, if they are several, and the option of a run that says which of
    // them its sizes fall in.
    std::vector<Profile> profiles;
    std::string profile_index;
    // Absolute path of onnxruntime-extensions' library for a graph with its operators; else empty.
    std::string extensions;
    // Nobody if empty.
    std::shared_ptr<const Remarks> remarks;
};

// A tensor of a graph as its file says: the name, ONNX's name of the type as the manifest spells
// it (`float32`), and the axes, -1 where they are free.
struct Port {
    std::string name;
    std::string dtype;
    Shape shape;
};

// Inputs of a run by name. Names and values must live until it ends.
using Inputs = std::vector<std::pair<const char*, const Value*>>;

// May be run by several threads at once. Failures are OrtFailure or std::bad_alloc.
class Session {
  public:
    Session(std::shared_ptr<const Ort> ort, const std::filesystem::path& path,
            const Opening& opening);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const std::vector<Port>& inputs() const { return inputs_; }
    const std::vector<Port>& outputs() const { return outputs_; }

    // The outputs in the graph's order. `cancel` ends the run early, with a failure; null never
    // does. A graph that `rests` gives back its working memory, for another one will run next.
    std::vector<Value> run(const Inputs& inputs, Cancel* cancel, bool rests) const;

    // The same with outputs that are written to memory of the caller's, by name.
    void run_into(const Inputs& inputs, const Inputs& outputs, Cancel* cancel, bool rests) const;

  private:
    void open(const std::filesystem::path& path, const Opening& opening);
    std::vector<Port> ports(bool outputs) const;
    void choose_profile(const Inputs& inputs, OrtRunOptions* options) const;
    void run(const Inputs& inputs, const char* const* names, std::size_t count, OrtValue** values,
             Cancel* cancel, bool rests) const;

    std::shared_ptr<const Ort> ort_;
    std::shared_ptr<const Remarks> remarks_;
    bool on_processor_;
    std::vector<Profile> profiles_;
    std::string profile_index_;
    OrtSession* session_ = nullptr;
    std::vector<Port> inputs_;
    std::vector<Port> outputs_;
};

}  // namespace hearsight
