#include "ort.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <new>

#include "error.h"
#include "library.h"

namespace hearsight {
namespace {

// Copies by path, so that engines of one library share one environment.
struct Copies {
    std::mutex lock;
    std::map<std::string, std::weak_ptr<Ort>> by_path;
};

// What was registered with each environment, for as long as one of ours holds it: another may be
// made where it lay.
std::shared_ptr<Registered> registered_with(const OrtEnv* env) {
    static auto* const lock = new std::mutex;
    static auto* const known = new std::map<const OrtEnv*, std::weak_ptr<Registered>>;
    const std::lock_guard<std::mutex> hold(*lock);
    auto kept = (*known)[env].lock();
    if (!kept) {
        kept = std::make_shared<Registered>();
        (*known)[env] = kept;
    }
    return kept;
}

Copies& copies() {
    static Copies* const kept = new Copies;  // never destroyed: engines may die after main ends
    return *kept;
}

const OrtApi* table_of(const OrtApiBase* base, const std::string& path) {
    const OrtApi* api = base ? base->GetApi(Ort::api_version) : nullptr;
    if (!api) {
        const std::string found = base ? base->GetVersionString() : "unknown";
        throw Error(Status::device, path + " is ONNX Runtime " + found +
                                        ", which is too old: version 1." +
                                        std::to_string(Ort::api_version) + " or newer is needed.");
    }
    return api;
}

// The entry of the copy that a table belongs to, which tells its version; null if it hides it.
const OrtApiBase* base_of(const OrtApi* api) {
    try {
        const auto library = Library::around(reinterpret_cast<const void*>(api->CreateEnv));
        const OrtApiBase* base =
            library ? library->function<const OrtApiBase * ORT_API_CALL()>("OrtGetApiBase")()
                    : nullptr;
        return base && base->GetApi(Ort::api_version) == api ? base : nullptr;
    } catch (const Error&) {
        return nullptr;
    }
}

ONNXTensorElementDataType element(DType type) {
    switch (type) {
    case DType::float32:
        return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    case DType::float16:
        return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
    case DType::int64:
        return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
    case DType::int32:
        return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
    case DType::uint8:
        return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
    case DType::boolean:
        return ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
    case DType::string:
        break;
    }
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

}  // namespace

std::shared_ptr<Ort> Ort::open(const std::string& path) {
    const std::lock_guard<std::mutex> hold(copies().lock);
    std::weak_ptr<Ort>& known = copies().by_path[path];
    if (auto living = known.lock()) {
        return living;
    }
    // ONNX Runtime reports home unless this is set before it is loaded.
    set_environment("ORT_DISABLE_TELEMETRY", "1");
    const Library library(path);
    auto* entry = library.function<const OrtApiBase * ORT_API_CALL()>("OrtGetApiBase");
    const OrtApiBase* base = entry();
    std::shared_ptr<Ort> made(new Ort(table_of(base, path), base, base->GetVersionString()));
    known = made;
    return made;
}

std::shared_ptr<Ort> Ort::adopt(const OrtApi* api) {
    const OrtApiBase* base = base_of(api);
    return std::shared_ptr<Ort>(
        new Ort(api, base, base ? base->GetVersionString() : api->GetBuildInfoString()));
}

Ort::Ort(const OrtApi* api, const OrtApiBase* base, std::string version)
    : api_(api), base_(base), version_(std::move(version)) {
    try {
        check(api_->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "hearsight", &env_));
        check(api_->DisableTelemetryEvents(env_));
        check(api_->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &host_));
        check(api_->GetAllocatorWithDefaultOptions(&allocator_));
        registered_ = registered_with(env_);
    } catch (const OrtFailure& problem) {
        api_->ReleaseMemoryInfo(host_);
        if (env_) {
            api_->ReleaseEnv(env_);
        }
        throw Error(Status::device,
                    std::string("ONNX Runtime cannot be started: ") + problem.what());
    }
}

Ort::~Ort() {
    registered_.reset();  // before another environment can lie there
    api_->ReleaseMemoryInfo(host_);
    api_->ReleaseEnv(env_);
}

const OrtApi* Ort::later(std::uint32_t version) const {
    // Asked for more than it has, it complains on the console.
    if (!base_ || std::atoi(version_.c_str() + 2) < static_cast<int>(version)) {
        return nullptr;
    }
    return base_->GetApi(version);
}

void Ort::check(OrtStatus* status) const {
    if (!status) {
        return;
    }
    const std::unique_ptr<OrtStatus, decltype(api_->ReleaseStatus)> held(status,
                                                                         api_->ReleaseStatus);
    throw OrtFailure(api_->GetErrorMessage(status));
}

Value Ort::view(const void* values, std::size_t bytes, const Shape& shape,
                ONNXTensorElementDataType type) const {
    OrtValue* made = nullptr;
    // Inputs are read only, which the C API has no word for.
    check(api_->CreateTensorWithDataAsOrtValue(host_, const_cast<void*>(values), bytes,
                                               shape.data(), shape.size(), type, &made));
    return Value(api_, made);
}

Value Ort::view(const Tensor& tensor) const {
    return view(tensor.data.data(), tensor.shape);
}

Value Ort::view(const float* values, const Shape& shape) const {
    return view(values, count(shape) * sizeof(float), shape, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
}

Value Ort::view(const std::uint8_t* values, const Shape& shape) const {
    return view(values, count(shape), shape, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8);
}

Value Ort::view(const void* values, std::size_t bytes, const Shape& shape, DType type) const {
    return view(values, bytes, shape, element(type));
}

Value Ort::text(const std::string& text) const {
    const std::int64_t one = 1;
    OrtValue* made = nullptr;
    check(api_->CreateTensorAsOrtValue(allocator_, &one, 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING,
                                       &made));
    Value value(api_, made);
    check(api_->FillStringTensorElement(made, text.c_str(), 0));
    return value;
}

Shape Ort::shape(const Value& value) const {
    OrtTensorTypeAndShapeInfo* info = nullptr;
    check(api_->GetTensorTypeAndShape(value.get(), &info));
    const std::unique_ptr<OrtTensorTypeAndShapeInfo, decltype(api_->ReleaseTensorTypeAndShapeInfo)>
        held(info, api_->ReleaseTensorTypeAndShapeInfo);
    std::size_t rank = 0;
    check(api_->GetDimensionsCount(info, &rank));
    Shape shape(rank);
    check(api_->GetDimensions(info, shape.data(), rank));
    return shape;
}

const float* Ort::floats(const Value& value) const {
    return static_cast<const float*>(bytes(value));
}

const void* Ort::bytes(const Value& value) const {
    void* values = nullptr;
    check(api_->GetTensorMutableData(value.get(), &values));
    return values;
}

Tensor Ort::tensor(const Value& value) const {
    Shape shape = this->shape(value);
    const float* values = floats(value);
    return {shape, std::vector<float>(values, values + count(shape))};
}

}  // namespace hearsight
