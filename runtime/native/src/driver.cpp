#include "driver.h"

#include "error.h"
#include "library.h"
#include "wording.h"

namespace hearsight {
namespace {

#ifdef _WIN32
constexpr const char* driver_library = "nvcuda.dll";
constexpr const char* management_library = "nvml.dll";
#else
constexpr const char* driver_library = "libcuda.so.1";
constexpr const char* management_library = "libnvidia-ml.so.1";
#endif

// CUDA driver API reference: CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*, CUDA_ERROR_NO_DEVICE.
constexpr int major_attribute = 75;
constexpr int minor_attribute = 76;
constexpr int no_card = 100;

[[noreturn]] void refuse(const std::string& text) {
    throw Error(Status::device, text);
}

// The driver's release as NVIDIA's own tool tells it, or nothing. NVML API reference.
std::string release() {
    try {
        const auto library = Library::of_system(management_library);
        auto* init = library.function<int()>("nvmlInit_v2");
        auto* version = library.function<int(char*, unsigned)>("nvmlSystemGetDriverVersion");
        auto* shutdown = library.function<int()>("nvmlShutdown");
        if (init() != 0) {
            return {};
        }
        char text[96] = {};
        const bool told = version(text, sizeof text - 1) == 0;
        shutdown();
        return told ? text : "";
    } catch (const Error&) {
        return {};
    }
}

Library driver() {
    try {
        return Library::of_system(driver_library);
    } catch (const Error& problem) {
        refuse("NVIDIA's driver cannot be loaded (" + in_short(problem.what()) +
               "); install it, if there is a card");
    }
}

}  // namespace

Card ask_driver() {
    const Library library = driver();
    int newest = 0;
    library.function<int(int*)>("cuDriverGetVersion")(&newest);
    int count = 0;
    int code = library.function<int(unsigned)>("cuInit")(0);
    if (code == 0) {
        code = library.function<int(int*)>("cuDeviceGetCount")(&count);
    }
    if (code != 0 && code != no_card) {
        refuse("NVIDIA's driver does not start (error " + std::to_string(code) +
               "); reinstall the driver");
    }
    if (count == 0) {
        refuse("NVIDIA's driver finds no card; look at CUDA_VISIBLE_DEVICES, if there is one");
    }
    int device = 0;
    char name[256] = {};
    library.function<int(int*, int)>("cuDeviceGet")(&device, 0);
    library.function<int(char*, int, int)>("cuDeviceGetName")(name, sizeof name - 1, device);
    Card card;
    auto* attribute = library.function<int(int*, int, int)>("cuDeviceGetAttribute");
    attribute(&card.major, major_attribute, device);
    attribute(&card.minor, minor_attribute, device);
    card.name = name;
    card.driver = release();
    if (card.driver.empty()) {
        card.driver =
            "CUDA " + std::to_string(newest / 1000) + "." + std::to_string(newest % 1000 / 10);
    }
    return card;
}

}  // namespace hearsight
