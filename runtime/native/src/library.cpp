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

void* open_system(const std::string& name, std::string& reason) {
    HMODULE handle = LoadLibraryExA(name.c_str(), nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!handle) {
        reason = name + ": Windows error " + std::to_string(GetLastError());
    }
    return handle;
}

void* handle_around(const void* address) {
    HMODULE handle = nullptr;
    const BOOL found = GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                                          static_cast<LPCWSTR>(address), &handle);
    return found ? handle : nullptr;
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

void* open_system(const std::string& name, std::string& reason) {
    return open_library(name, reason);
}

void* handle_around(const void* address) {
    Dl_info found{};
    const bool known = dladdr(address, &found) != 0 && found.dli_fname;
    return known ? dlopen(found.dli_fname, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD) : nullptr;
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

Library Library::of_system(const std::string& name) {
    std::string reason;
    void* handle = open_system(name, reason);
    if (!handle) {
        throw Error(Status::device, "The library " + name + " cannot be opened: " + reason + ".");
    }
    return {name, handle};
}

std::optional<Library> Library::around(const void* address) {
    void* handle = handle_around(address);
    return handle ? std::optional(Library("of the host", handle)) : std::nullopt;
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
