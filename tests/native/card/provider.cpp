// A provider library for the tests, in the place of TensorRT-RTX's: it takes the processor for its
// card, and of every graph the nodes that add a value to itself. What else there is it leaves to
// the processor, so that graphs compute the same bits with it. It keeps no state.

#include <onnxruntime_c_api.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#ifdef _WIN32
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C" __attribute__((visibility("default")))
#endif

namespace {

const OrtApi* api = nullptr;

// Gives back what failed.
#define TRY(call)                                                                                  \
    if (OrtStatus* status_ = (call)) {                                                             \
        return status_;                                                                            \
    }

OrtStatus* element_count(const OrtValue* value, std::vector<std::int64_t>& shape,
                         std::size_t& count) {
    OrtTensorTypeAndShapeInfo* info = nullptr;
    TRY(api->GetTensorTypeAndShape(value, &info));
    std::size_t rank = 0;
    OrtStatus* status = api->GetDimensionsCount(info, &rank);
    shape.resize(rank);
    status = status ? status : api->GetDimensions(info, shape.data(), rank);
    status = status ? status : api->GetTensorShapeElementCount(info, &count);
    api->ReleaseTensorTypeAndShapeInfo(info);
    return status;
}

OrtStatus* ORT_API_CALL make_state(OrtNodeComputeInfo*, OrtNodeComputeContext*, void** state) {
    *state = nullptr;
    return nullptr;
}

void ORT_API_CALL free_state(OrtNodeComputeInfo*, void*) {
}

OrtStatus* ORT_API_CALL twice(OrtNodeComputeInfo*, void*, OrtKernelContext* context) {
    const OrtValue* input = nullptr;
    TRY(api->KernelContext_GetInput(context, 0, &input));
    std::vector<std::int64_t> shape;
    std::size_t count = 0;
    TRY(element_count(input, shape, count));
    OrtValue* output = nullptr;
    TRY(api->KernelContext_GetOutput(context, 0, shape.data(), shape.size(), &output));
    void *from = nullptr, *to = nullptr;
    TRY(api->GetTensorMutableData(const_cast<OrtValue*>(input), &from));
    TRY(api->GetTensorMutableData(output, &to));
    for (std::size_t index = 0; index < count; ++index) {
        const float value = static_cast<const float*>(from)[index];
        static_cast<float*>(to)[index] = value + value;
    }
    return nullptr;
}

OrtNodeComputeInfo compute{ORT_API_VERSION, make_state, twice, free_state};

const char* ORT_API_CALL ep_name(const OrtEp*) noexcept {
    return "NvTensorRTRTXExecutionProvider";
}

bool doubles(const OrtNode* node) {
    const char* type = "";
    std::size_t count = 0;
    if (api->Node_GetOperatorType(node, &type) || std::strcmp(type, "Add") != 0 ||
        api->Node_GetNumInputs(node, &count) || count != 2) {
        return false;
    }
    const OrtValueInfo* inputs[2] = {};
    const char *first = "", *second = "";
    return !api->Node_GetInputs(node, inputs, 2) && !api->GetValueInfoName(inputs[0], &first) &&
           !api->GetValueInfoName(inputs[1], &second) && std::strcmp(first, second) == 0;
}

OrtStatus* ORT_API_CALL capability(OrtEp*, const OrtGraph* graph,
                                   OrtEpGraphSupportInfo* support) noexcept {
    std::size_t count = 0;
    TRY(api->Graph_GetNumNodes(graph, &count));
    std::vector<const OrtNode*> nodes(count);
    TRY(api->Graph_GetNodes(graph, nodes.data(), count));
    for (const OrtNode* node : nodes) {
        if (doubles(node)) {
            TRY(api->GetEpApi()->EpGraphSupportInfo_AddNodesToFuse(support, &node, 1, nullptr));
        }
    }
    return nullptr;
}

OrtStatus* ORT_API_CALL compile(OrtEp*, const OrtGraph**, const OrtNode**, std::size_t count,
                                OrtNodeComputeInfo** infos, OrtNode**) noexcept {
    for (std::size_t index = 0; index < count; ++index) {
        infos[index] = &compute;
    }
    return nullptr;
}

void ORT_API_CALL release_infos(OrtEp*, OrtNodeComputeInfo**, std::size_t) noexcept {
}

OrtEp provider{};

const char* ORT_API_CALL factory_name(const OrtEpFactory*) noexcept {
    return "NvTensorRTRTXExecutionProvider";
}

const char* ORT_API_CALL vendor(const OrtEpFactory*) noexcept {
    return "hearsight's tests";
}

std::uint32_t ORT_API_CALL vendor_id(const OrtEpFactory*) noexcept {
    return 0;
}

const char* ORT_API_CALL version(const OrtEpFactory*) noexcept {
    return "1.0.0";
}

OrtStatus* ORT_API_CALL supported(OrtEpFactory* factory, const OrtHardwareDevice* const* devices,
                                  std::size_t count, OrtEpDevice** found, std::size_t most,
                                  std::size_t* number) noexcept {
    *number = 0;
    for (std::size_t index = 0; index < count && *number < most; ++index) {
        if (api->HardwareDevice_Type(devices[index]) == OrtHardwareDeviceType_CPU) {
            TRY(api->GetEpApi()->CreateEpDevice(factory, devices[index], nullptr, nullptr,
                                                &found[(*number)++]));
        }
    }
    return nullptr;
}

OrtStatus* ORT_API_CALL create(OrtEpFactory*, const OrtHardwareDevice* const*,
                               const OrtKeyValuePairs* const*, std::size_t,
                               const OrtSessionOptions*, const OrtLogger*, OrtEp** made) noexcept {
    provider.ort_version_supported = ORT_API_VERSION;
    provider.GetName = ep_name;
    provider.GetCapability = capability;
    provider.Compile = compile;
    provider.ReleaseNodeComputeInfos = release_infos;
    *made = &provider;
    return nullptr;
}

void ORT_API_CALL release(OrtEpFactory*, OrtEp*) noexcept {
}

OrtStatus* ORT_API_CALL no_allocator(OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*,
                                     OrtAllocator** allocator) noexcept {
    *allocator = nullptr;
    return nullptr;
}

void ORT_API_CALL release_allocator(OrtEpFactory*, OrtAllocator*) noexcept {
}

OrtStatus* ORT_API_CALL no_transfer(OrtEpFactory*, OrtDataTransferImpl** transfer) noexcept {
    *transfer = nullptr;
    return nullptr;
}

bool ORT_API_CALL no_streams(const OrtEpFactory*) noexcept {
    return false;
}

OrtEpFactory factory{};

}  // namespace

EXPORTED OrtStatus* CreateEpFactories(const char*, const OrtApiBase* base, const OrtLogger*,
                                      OrtEpFactory** factories, std::size_t most,
                                      std::size_t* count) {
    api = base->GetApi(ORT_API_VERSION);
    if (most == 0) {
        return api->CreateStatus(ORT_INVALID_ARGUMENT, "there is no room for a factory");
    }
    factory.ort_version_supported = ORT_API_VERSION;
    factory.GetName = factory_name;
    factory.GetVendor = vendor;
    factory.GetVendorId = vendor_id;
    factory.GetVersion = version;
    factory.GetSupportedDevices = supported;
    factory.CreateEp = create;
    factory.ReleaseEp = release;
    factory.CreateAllocator = no_allocator;
    factory.ReleaseAllocator = release_allocator;
    factory.CreateDataTransfer = no_transfer;
    factory.IsStreamAware = no_streams;
    factories[0] = &factory;
    *count = 1;
    return nullptr;
}

EXPORTED OrtStatus* ReleaseEpFactory(OrtEpFactory*) {
    return nullptr;
}
