#include "session.h"

#include <algorithm>
#include <filesystem>

namespace hearsight {
namespace {

const char* spelled(ONNXTensorElementDataType type) {
    switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
        return "float32";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
        return "float16";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
        return "int64";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
        return "int32";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
        return "uint8";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
        return "bool";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING:
        return "string";
    default:
        return "another type";
    }
}

void ORT_API_CALL remark(void* to, OrtLoggingLevel severity, const char*, const char*, const char*,
                         const char* text) {
    (*static_cast<const Remarks*>(to))(static_cast<int>(severity), text);
}

template <typename T>
using Held = std::unique_ptr<T, void(ORT_API_CALL*)(T*)>;

}  // namespace

Session::Session(std::shared_ptr<const Ort> ort, const std::filesystem::path& path,
                 const Opening& opening)
    : ort_(std::move(ort)), remarks_(opening.remarks), on_processor_(!opening.attach),
      profiles_(opening.profiles), profile_index_(opening.profile_index) {
    try {
        open(path, opening);
        inputs_ = ports(false);
        outputs_ = ports(true);
    } catch (...) {
        ort_->api().ReleaseSession(session_);
        throw;
    }
}

Session::~Session() {
    ort_->api().ReleaseSession(session_);
}

void Session::open(const std::filesystem::path& path, const Opening& opening) {
    const OrtApi& api = ort_->api();
    OrtSessionOptions* options = nullptr;
    ort_->check(api.CreateSessionOptions(&options));
    const Held<OrtSessionOptions> held(options, api.ReleaseSessionOptions);
    const auto set = [&](const char* key, const char* value) {
        ort_->check(api.AddSessionConfigEntry(options, key, value));
    };
    if (remarks_) {
        // It is not written to; ONNX Runtime's user data has no const.
        auto* to = const_cast<Remarks*>(remarks_.get());
        ort_->check(api.SetUserLoggingFunction(options, remark, to));
    }
    ort_->check(api.SetSessionLogSeverityLevel(options, remarks_ ? ORT_LOGGING_LEVEL_WARNING
                                                                 : ORT_LOGGING_LEVEL_FATAL));
    ort_->check(api.SetIntraOpNumThreads(options, opening.threads));
    // By its name a file may pass for another format, whose references nobody has checked.
    set("session.load_model_format", "ONNX");
    // Threads that wait busily within a run, and only there, make a denoiser a third faster;
    // between runs they would take the time of other graphs and of other programs.
    set("session.intra_op.allow_spinning", opening.hot ? "1" : "0");
    set("session.force_spinning_stop", "1");
    // One block for a whole run, laid out for its shapes, would be held beside the arena.
    ort_->check(api.DisableMemPattern(options));
    set("session.disable_prepacking", opening.hot ? "0" : "1");
    if (opening.compiled) {
        ort_->check(api.SetSessionGraphOptimizationLevel(options, ORT_DISABLE_ALL));
    }
    if (opening.never_build) {
        set("session.disable_model_compile", "1");
    }
    if (opening.attach) {
        opening.attach(options);
    }
    if (!opening.extensions.empty()) {
        const auto library = std::filesystem::u8path(opening.extensions);
        ort_->check(api.RegisterCustomOpsLibrary_V2(options, library.c_str()));
    }
    ort_->check(api.CreateSession(ort_->env(), path.c_str(), options, &session_));
}

std::vector<Port> Session::ports(bool outputs) const {
    const OrtApi& api = ort_->api();
    OrtAllocator* allocator = nullptr;
    ort_->check(api.GetAllocatorWithDefaultOptions(&allocator));
    std::size_t count = 0;
    ort_->check(outputs ? api.SessionGetOutputCount(session_, &count)
                        : api.SessionGetInputCount(session_, &count));
    std::vector<Port> found(count);
    for (std::size_t index = 0; index < count; ++index) {
        char* name = nullptr;
        ort_->check(outputs ? api.SessionGetOutputName(session_, index, allocator, &name)
                            : api.SessionGetInputName(session_, index, allocator, &name));
        found[index].name = name;
        ort_->check(api.AllocatorFree(allocator, name));
        OrtTypeInfo* type = nullptr;
        ort_->check(outputs ? api.SessionGetOutputTypeInfo(session_, index, &type)
                            : api.SessionGetInputTypeInfo(session_, index, &type));
        const Held<OrtTypeInfo> held(type, api.ReleaseTypeInfo);
        const OrtTensorTypeAndShapeInfo* tensor = nullptr;
        ort_->check(api.CastTypeInfoToTensorInfo(type, &tensor));
        if (!tensor) {
            found[index].dtype = "no tensor";
            continue;
        }
        ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
        ort_->check(api.GetTensorElementType(tensor, &element));
        found[index].dtype = spelled(element);
        std::size_t rank = 0;
        ort_->check(api.GetDimensionsCount(tensor, &rank));
        found[index].shape.resize(rank);
        ort_->check(api.GetDimensions(tensor, found[index].shape.data(), rank));
    }
    return found;
}

std::vector<Value> Session::run(const Inputs& inputs, Cancel* cancel, bool rests) const {
    std::vector<const char*> names;
    for (const Port& port : outputs_) {
        names.push_back(port.name.c_str());
    }
    std::vector<OrtValue*> made(names.size(), nullptr);
    run(inputs, names.data(), names.size(), made.data(), cancel, rests);
    std::vector<Value> values;
    values.reserve(made.size());
    for (OrtValue* value : made) {
        values.emplace_back(&ort_->api(), value);
    }
    return values;
}

void Session::run_into(const Inputs& inputs, const Inputs& outputs, Cancel* cancel,
                       bool rests) const {
    std::vector<const char*> names;
    std::vector<OrtValue*> values;
    for (const auto& [name, value] : outputs) {
        names.push_back(name);
        values.push_back(value->get());
    }
    run(inputs, names.data(), names.size(), values.data(), cancel, rests);
}

void Session::choose_profile(const Inputs& inputs, OrtRunOptions* options) const {
    if (profiles_.size() < 2 || profile_index_.empty()) {
        return;
    }
    const auto index = fitting(profiles_, [&](const std::string& name) {
        const auto place = std::find_if(inputs.begin(), inputs.end(),
                                        [&](const auto& each) { return each.first == name; });
        return place == inputs.end() ? Shape() : ort_->shape(*place->second);
    });
    if (index) {
        const std::string said = std::to_string(*index);
        ort_->check(ort_->api().AddRunConfigEntry(options, profile_index_.c_str(), said.c_str()));
    }
}

void Session::run(const Inputs& inputs, const char* const* names, std::size_t count,
                  OrtValue** values, Cancel* cancel, bool rests) const {
    const OrtApi& api = ort_->api();
    std::vector<const char*> given;
    std::vector<const OrtValue*> tensors;
    for (const auto& [name, value] : inputs) {
        given.push_back(name);
        tensors.push_back(value->get());
    }
    OrtRunOptions* options = nullptr;
    ort_->check(api.CreateRunOptions(&options));
    const Held<OrtRunOptions> held(options, api.ReleaseRunOptions);
    choose_profile(inputs, options);
    if (rests && on_processor_) {
        ort_->check(
            api.AddRunConfigEntry(options, "memory.enable_memory_arena_shrinkage", "cpu:0"));
    }
    const auto go = [&] {
        ort_->check(api.Run(session_, options, given.data(), tensors.data(), given.size(), names,
                            count, values));
    };
    if (!cancel) {
        go();
        return;
    }
    const Cancel::Calling told = cancel->calling([&api, options] {
        // It can only fail for want of memory, and then the run ends by itself.
        api.ReleaseStatus(api.RunOptionsSetTerminate(options));
    });
    go();
}

}  // namespace hearsight
