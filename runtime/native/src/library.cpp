#include "library.h"

#include <cstdlib>
#include <filesystem>

#include "error.h"

#ifdef _WIN32
#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace hearsight {
namespace {

#ifdef _WIN32

void* open_library(const std::filesystem::path& path, std::string& reason) {
    // Its own folder is searched for what it needs, and the folder of the program is not: an old
    // onnxruntime.dll of the system must never answer in its place.
    constexpr DWORD where = LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32;
    HMODULE handle = LoadLibraryExW(path.c_str(), nullptr, where);
    if (!handle) {
        reason = "Windows error " + std::to_string(GetLastError()) +
                 " (126: the file, or a library that it needs, is missing)";
    }
    return handle;
}

void* find(void* handle, const char* name) {
    return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(handle), name));
}

#else

void* open_library(const std::filesystem::path& path, std::string& reason) {
    // Local, so that a second copy in this process binds to its own names.
    void* handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (!handle) {
        const char* told = dlerror();
        reason = told ? told : "the loader gives no reason";
    }
    return handle;
}

void* find(void* handle, const char* name) {
    return dlsym(handle, name);
}

#endif

}  // namespace

Library::Library(const std::string& path) : path_(path), handle_(nullptr) {
    const auto place = std::filesystem::u8path(path);
    if (!place.is_absolute()) {
        throw Error(Status::device, "The library \"" + path +
                                        "\" is no absolute path: libraries are opened where they "
                                        "lie, and not searched for.");
    }
    std::string reason;
    handle_ = open_library(place, reason);
    if (!handle_) {
        throw Error(Status::device, "The library " + path + " cannot be opened: " + reason + ".");
    }
}

void* Library::address(const char* name) const {
    void* found = find(handle_, name);
    if (!found) {
        throw Error(Status::device,
                    "The library " + path_ + " is not what it should be: it has no " + name + ".");
    }
    return found;
}

void set_environment(const char* name, const char* value) {
#ifdef _WIN32
    SetEnvironmentVariableA(name, value);  // for GetEnvironmentVariable, which ONNX Runtime asks
    _putenv_s(name, value);
#else
    setenv(name, value, 1);
#endif
}

}  // namespace hearsight
