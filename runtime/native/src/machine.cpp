#include "machine.h"

#include "ascii.h"
#include "error.h"
#include "files.h"

#ifdef _WIN32
#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <sys/utsname.h>
#endif
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

namespace hearsight {
namespace {

// With one space where there are several.
std::string tidy(const std::string& text) {
    std::string line;
    bool apart = false;
    for (const char c : text) {
        if (is_space(c)) {
            apart = !line.empty();
            continue;
        }
        line += apart ? " " : "";
        line += c;
        apart = false;
    }
    return line;
}

#ifdef _WIN32

std::string architecture() {
    SYSTEM_INFO info{};
    GetNativeSystemInfo(&info);
    switch (info.wProcessorArchitecture) {
    case PROCESSOR_ARCHITECTURE_AMD64:
        return "AMD64";
    case PROCESSOR_ARCHITECTURE_ARM64:
        return "ARM64";
    default:
        return "x86";
    }
}

std::string system_word() {
    return "Windows";
}

std::string model() {
    HKEY key = nullptr;
    char text[256] = {};
    DWORD size = sizeof text - 1;
    if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, "HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0", 0,
                      KEY_READ, &key) == ERROR_SUCCESS) {
        RegQueryValueExA(key, "ProcessorNameString", nullptr, nullptr,
                         reinterpret_cast<BYTE*>(text), &size);
        RegCloseKey(key);
    }
    return text;
}

std::string vectors() {
    return {};
}

#else

std::string architecture() {
    utsname told{};
    return uname(&told) == 0 ? told.machine : "";
}

std::string system_word() {
    utsname told{};
    return uname(&told) == 0 ? told.sysname : "";
}

#ifdef __APPLE__

std::string model() {
    char text[256] = {};
    std::size_t size = sizeof text - 1;
    return sysctlbyname("machdep.cpu.brand_string", text, &size, nullptr, 0) == 0 ? text : "";
}

std::string vectors() {
    return {};
}

#else

constexpr std::size_t most_bytes = 1 << 16;  // of the first processor, by far

// What Linux tells of the first processor.
std::string told(const std::string& key) {
    std::string all;
    try {
        all = read_file("/proc/cpuinfo", most_bytes);
    } catch (const Error&) {
        return {};  // it is there on every Linux but the most confined
    }
    for (std::size_t start = 0, end = 0; end != all.npos && start < all.size(); start = end + 1) {
        end = all.find('\n', start);
        const std::string line = all.substr(start, end == all.npos ? end : end - start);
        const std::size_t colon = line.find(':');
        if (colon != line.npos && tidy(line.substr(0, colon)) == key) {
            return tidy(line.substr(colon + 1));
        }
    }
    return {};
}

std::string model() {
    return told("model name");
}

std::string vectors() {
    std::string able = told("flags");
    able = " " + (able.empty() ? told("Features") : able) + " ";
    for (const char* name : {"avx512f", "avx2", "avx", "sve", "asimd"}) {  // the widest first
        if (able.find(std::string(" ") + name + " ") != std::string::npos) {
            return name;
        }
    }
    return {};
}

#endif
#endif

}  // namespace

std::string system_name() {
    return lower(system_word() + "-" + architecture());
}

std::string processor_name() {
    const std::string name = tidy(model()), wide = vectors();
    return (name.empty() ? architecture() : name) + (wide.empty() ? "" : " with " + wide);
}

}  // namespace hearsight
