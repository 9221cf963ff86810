#include "machine.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

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

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
    return text;
}

// With one space where there are several.
std::string tidy(const std::string& text) {
    std::istringstream words(text);
    std::string line;
    for (std::string word; words >> word;) {
        line += (line.empty() ? "" : " ") + word;
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

// What Linux tells of the first processor.
std::string told(const std::string& key) {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(':');
        if (colon != std::string::npos && tidy(line.substr(0, colon)) == key) {
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
