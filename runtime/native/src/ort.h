// ONNX Runtime: its table of functions, its environment, and values that go in and out of graphs.

#pragma once

#include <onnxruntime_c_api.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "manifest.h"
#include "tensor.h"

namespace hearsight {

// What ONNX Runtime says when a call of it fails. It never leaves the engine, which knows what was
// being done and turns it into an Error.
struct OrtFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// An input or output of a graph; it may be a view of memory that someone else holds.
class Value {
  public:
    Value() = default;
    Value(const OrtApi* api, OrtValue* value) : value_(value, Release{api}) {}

    OrtValue* get() const { return value_.get(); }

  private:
    struct Release {
        const OrtApi* api;
        void operator()(OrtValue* value) const { api->ReleaseValue(value); }
    };

    std::unique_ptr<OrtValue, Release> value_;
};

// Provider libraries that were registered with an environment: name to path.
struct Registered {
    std::mutex lock;
    std::map<std::string, std::string> paths;
};

// One copy of ONNX Runtime in this process. Several may live side by side: each is reached
// through its own table, and no name of it is linked.
class Ort {
  public:
    // The oldest version whose table has every function that is called here.
    static constexpr std::uint32_t api_version = 17;

    // The library at an absolute path. Its telemetry is switched off before it is loaded. The
    // same path gives the same copy as long as someone holds it.
    // Throws Error(device): it cannot be opened, is no ONNX Runtime, or too old.
    static std::shared_ptr<Ort> open(const std::string& path);

    // The copy that the host program uses already, by its own table.
    static std::shared_ptr<Ort> adopt(const OrtApi* api);

    ~Ort();
    Ort(const Ort&) = delete;
    Ort& operator=(const Ort&) = delete;

    const OrtApi& api() const { return *api_; }

    // The table of a later version, or null where this copy is older or does not tell.
    const OrtApi* later(std::uint32_t version) const;

    OrtEnv* env() const { return env_; }

    // Shared by all that use the same environment.
    Registered& registered() const { return *registered_; }

    // Such as `1.31.1`; of an adopted copy that does not tell, what it says of its build.
    std::string version() const { return version_; }

    // Throws OrtFailure, or std::bad_alloc where memory did not suffice, unless all is well.
    void check(OrtStatus* status) const;

    // Views: what they are made of must outlive them, and is not changed by a run.
    Value view(const Tensor& tensor) const;
    Value view(const float* values, const Shape& shape) const;
    Value view(const std::uint8_t* values, const Shape& shape) const;
    Value view(const void* values, std::size_t bytes, const Shape& shape, DType type) const;

    // A string tensor of shape [1]; the text holds no zero byte.
    Value text(const std::string& text) const;

    // What a value holds, copied. Throws OrtFailure: it is no float32 tensor.
    Tensor tensor(const Value& value) const;

    Shape shape(const Value& value) const;
    const float* floats(const Value& value) const;
    const void* bytes(const Value& value) const;

  private:
    Ort(const OrtApi* api, const OrtApiBase* base, std::string version);

    Value view(const void* values, std::size_t bytes, const Shape& shape,
               ONNXTensorElementDataType type) const;

    const OrtApi* api_;
    const OrtApiBase* base_;  // null where an adopted copy hides it
    std::string version_;
    OrtEnv* env_ = nullptr;
    std::shared_ptr<Registered> registered_;
    OrtMemoryInfo* host_ = nullptr;
    OrtAllocator* allocator_ = nullptr;  // the default one, which is nobody's to release
};

}  // namespace hearsight
