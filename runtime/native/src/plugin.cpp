#include "plugin.h"

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <system_error>

#include "error.h"
#include "library.h"

namespace hearsight {

#if ORT_API_VERSION < 22

std::size_t register_plugin(const Ort&, const std::string&, const std::string&) {
    throw Error(Status::device,
                "this library was compiled with the headers of an ONNX Runtime older than 1.22, "
                "which know no provider libraries; take one that was compiled with newer ones.");
}

void append_plugin(const Ort&, const std::string&, OrtSessionOptions*, const Settings&) {
}

#else

namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t table_version = 22;

const OrtApi& table(const Ort& ort) {
    const OrtApi* api = ort.later(table_version);
    if (!api) {
        throw Error(Status::device, "ONNX Runtime " + ort.version() +
                                        " is too old for it: provider libraries need version 1." +
                                        std::to_string(table_version) + " or newer.");
    }
    return *api;
}

std::vector<const OrtEpDevice*> devices(const Ort& ort, const std::string& name) {
    const OrtApi& api = table(ort);
    const OrtEpDevice* const* all = nullptr;
    std::size_t count = 0;
    ort.check(api.GetEpDevices(ort.env(), &all, &count));
    std::vector<const OrtEpDevice*> own;
    std::copy_if(all, all + count, std::back_inserter(own),
                 [&](const OrtEpDevice* device) { return api.EpDevice_EpName(device) == name; });
    return own;
}

// On Linux a library does not look beside itself for those that it needs, unless it was linked so;
// those that are loaded already it finds. What cannot be loaded, ONNX Runtime tells.
void load_needed(const fs::path& provider) {
#if defined(__linux__)
    std::error_code failed;
    for (const char* stem :
         {"libcudart.so.", "libtensorrt_rtx.so.", "libtensorrt_onnxparser_rtx.so."}) {
        for (fs::directory_iterator each(provider.parent_path(), failed), end;
             !failed && each != end; each.increment(failed)) {
            if (each->path().filename().string().rfind(stem, 0) == 0) {
                try {
                    const Library library(each->path().string());
                } catch (const Error&) {
                    continue;
                }
            }
        }
    }
#else
    static_cast<void>(provider);
#endif
}

}  // namespace

std::size_t register_plugin(const Ort& ort, const std::string& name, const std::string& path) {
    const OrtApi& api = table(ort);
    const fs::path file = fs::u8path(path);
    std::error_code failed;
    if (!file.is_absolute() || !fs::is_regular_file(file, failed)) {
        throw Error(Status::device,
                    "its provider library \"" + path + "\" is not there; give its absolute path.");
    }
    Registered& registered = ort.registered();
    const std::lock_guard<std::mutex> hold(registered.lock);
    std::string& known = registered.paths[name];
    load_needed(file);
    try {
        ort.check(api.RegisterExecutionProviderLibrary(ort.env(), name.c_str(), file.c_str()));
        known = path;
    } catch (const OrtFailure& problem) {
        // By an earlier engine, or by the program that this is part of.
        if (std::string(problem.what()).find("already registered") == std::string::npos) {
            throw;
        }
        if (!known.empty() && known != path) {
            throw Error(Status::device, "this process has opened the provider library " + known +
                                            " for it already, and cannot have " + path +
                                            " as well.");
        }
    }
    return devices(ort, name).size();
}

void append_plugin(const Ort& ort, const std::string& name, OrtSessionOptions* options,
                   const Settings& settings) {
    const auto found = devices(ort, name);
    if (found.empty()) {
        throw OrtFailure("its provider library finds no card that it supports");
    }
    std::vector<const char*> keys, values;
    for (const auto& [key, value] : settings) {
        keys.push_back(key.c_str());
        values.push_back(value.c_str());
    }
    ort.check(table(ort).SessionOptionsAppendExecutionProvider_V2(
        options, ort.env(), found.data(), 1, keys.data(), values.data(), keys.size()));
}

#endif

}  // namespace hearsight
