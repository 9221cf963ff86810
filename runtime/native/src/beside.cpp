#include "beside.h"

#include <filesystem>
#include <system_error>

#ifdef _WIN32
#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace hearsight {
namespace {

const char anchor = 0;  // an address inside this library

std::filesystem::path own_path() {
#ifdef _WIN32
    HMODULE here = nullptr;
    wchar_t path[32768];
    constexpr DWORD how =
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    if (!GetModuleHandleExW(how, reinterpret_cast<LPCWSTR>(&anchor), &here)) {
        return {};
    }
    const DWORD length = GetModuleFileNameW(here, path, 32768);
    return std::wstring(path, length);
#else
    Dl_info found{};
    return dladdr(&anchor, &found) != 0 && found.dli_fname ? found.dli_fname : "";
#endif
}

}  // namespace

std::string beside(std::initializer_list<const char*> names) {
    std::error_code failed;
    const auto folder = std::filesystem::canonical(own_path(), failed).parent_path();
    for (const char* name : names) {
        const auto path = folder / name;
        if (!failed && std::filesystem::is_regular_file(path, failed)) {
            return path.u8string();
        }
    }
    return {};
}

}  // namespace hearsight
