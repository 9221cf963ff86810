/* NVIDIA's libraries for the tests, of which each program takes a part: the driver, its tool's
 * library, and TensorRT-RTX's version. The card is one that TensorRT-RTX supports. */

#include <string.h>

#if defined(__GNUC__)
#define EXPORTED __attribute__((visibility("default")))
#else
#define EXPORTED __declspec(dllexport)
#endif

#if defined(FAKE_DRIVER)

EXPORTED int cuInit(unsigned flags) {
    return (int)flags;
}

EXPORTED int cuDriverGetVersion(int* version) {
    *version = 13010;
    return 0;
}

EXPORTED int cuDeviceGetCount(int* count) {
    *count = 1;
    return 0;
}

EXPORTED int cuDeviceGet(int* device, int index) {
    *device = index;
    return 0;
}

EXPORTED int cuDeviceGetName(char* name, int size, int device) {
    (void)device;
    strncpy(name, "Card of the tests", (size_t)size);
    return 0;
}

EXPORTED int cuDeviceGetAttribute(int* value, int attribute, int device) {
    (void)device;
    *value = attribute == 75 ? 8 : 9;
    return 0;
}

#elif defined(FAKE_MANAGEMENT)

EXPORTED int nvmlInit_v2(void) {
    return 0;
}

EXPORTED int nvmlSystemGetDriverVersion(char* version, unsigned size) {
    strncpy(version, "600.00", size);
    return 0;
}

EXPORTED int nvmlShutdown(void) {
    return 0;
}

#else

EXPORTED int getInferLibMajorVersion(void) {
    return 1;
}

EXPORTED int getInferLibMinorVersion(void) {
    return 7;
}

EXPORTED int getInferLibPatchVersion(void) {
    return 1;
}

EXPORTED int getInferLibBuildVersion(void) {
    return 116;
}

#endif
