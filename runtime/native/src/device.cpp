#include "device.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "error.h"
#include "tensor.h"
#include "wording.h"

namespace hearsight {
namespace {

struct Provider {
    const char* word;
    const char* name;
    bool plugin;  // a library of its own, that is registered under its name
    bool nvidia;  // needs NVIDIA's driver
};

// The best first. `rtx` is what onnxruntime-ep-nv-tensorrt-rtx calls itself, which a test reads.
// None of them was ever run: no machine with a card, and no Windows, was at hand.
constexpr std::array<Provider, 3> providers{{
    {"rtx", "NvTensorRTRTXExecutionProvider", true, true},
    {"cuda", "CUDAExecutionProvider", false, true},
    {"directml", "DmlExecutionProvider", false, false},
}};

// A graph of one node, y = x + x, as protobuf.
constexpr std::string_view
    probe_graph("\x08\x08\x12\x00:9\n\x0e\n\x01x\n\x01x\x12\x01y\"\x03"
                "Add\x12\x05probeZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01"
                "b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01"
                "B\x04\n\x00\x10\r",
                69);

// Half a sentence without a full stop: why a device cannot be had, and what to do.
struct Refused : Error {
    explicit Refused(const std::string& text) : Error(Status::device, text) {}
};

bool is_built_in(const Ort& ort, const char* name) {
    char** names = nullptr;
    int count = 0;
    ort.check(ort.api().GetAvailableProviders(&names, &count));
    const bool found = std::any_of(
        names, names + count, [&](const char* each) { return std::string_view(each) == name; });
    ort.api().ReleaseStatus(ort.api().ReleaseAvailableProviders(names, count));
    return found;
}

// Source: IsComputeCapabilitySupported in the plug-in's tensorrt_rtx_provider_options.h.
bool rtx_plays_on(const Card& card) {
    return card.major >= 12 || (card.major == 8 && (card.minor == 6 || card.minor == 9));
}

// Runs the graph of one node, which the device must take.
void probe(const Ort& ort, const Choice& choice) {
    const OrtApi& api = ort.api();
    OrtSessionOptions* options = nullptr;
    ort.check(api.CreateSessionOptions(&options));
    const std::unique_ptr<OrtSessionOptions, decltype(api.ReleaseSessionOptions)> held(
        options, api.ReleaseSessionOptions);
    ort.check(api.SetSessionLogSeverityLevel(options, ORT_LOGGING_LEVEL_FATAL));
    ort.check(api.AddSessionConfigEntry(options, "session.disable_cpu_ep_fallback", "1"));
    attach(ort, choice, options, {});
    OrtSession* session = nullptr;
    ort.check(api.CreateSessionFromArray(ort.env(), probe_graph.data(), probe_graph.size(), options,
                                         &session));
    const std::unique_ptr<OrtSession, decltype(api.ReleaseSession)> opened(session,
                                                                           api.ReleaseSession);
    Tensor one{{1}, {1.0F}}, two = zeros({1});
    const Value x = ort.view(one), y = ort.view(two);
    const char *in = "x", *out = "y";
    const OrtValue* input = x.get();
    OrtValue* output = y.get();
    ort.check(api.Run(session, nullptr, &in, &input, 1, &out, 1, &output));
    if (two.data[0] != 2) {
        throw Refused("it computes 1 + 1 wrongly; install another version of it");
    }
}

Choice tried(const Ort& ort, const Provider& provider, const std::string& plugin) {
    try {
        if (provider.plugin && plugin.empty()) {
            throw Refused("no provider library was given, and none lies beside this library; "
                          "name it in hs_engine_options.provider");
        }
        if (!provider.plugin && !is_built_in(ort, provider.name)) {
            throw Refused("ONNX Runtime " + ort.version() + " is built without " + provider.name +
                          "; open one that has it");
        }
        Choice choice{provider.word, provider.name, "", std::nullopt};
        if (provider.nvidia) {
            choice.card = ask_driver();
        }
        if (provider.plugin && !rtx_plays_on(*choice.card)) {
            throw Refused("it runs on compute capability 8.6, 8.9, and 12.0 or newer, and " +
                          choice.card->name + " has " + choice.card->capability() +
                          "; ask for \"cuda\"");
        }
        if (provider.plugin) {
            register_plugin(ort, provider.name, plugin);
        }
        probe(ort, choice);
        return choice;
    } catch (const OrtFailure& problem) {
        const std::string text = in_short(problem.what());
        throw Refused(text.find("fallback to CPU EP") != std::string::npos
                          ? "its libraries do not start; install another version of them"
                          : text);
    } catch (const Error& problem) {
        throw Refused(in_short(problem.what()));
    }
}

Choice automatic(const Ort& ort, const std::string& plugin) {
    std::string refused;
    for (const Provider& provider : providers) {
        const bool there = provider.plugin ? !plugin.empty() : is_built_in(ort, provider.name);
        if (!there) {
            continue;  // no user of this host could have it
        }
        try {
            Choice choice = tried(ort, provider, plugin);
            choice.why = choice.device + " works on this machine" +
                         (refused.empty() ? "" : "; " + refused + " cannot be used") + ".";
            return choice;
        } catch (const Refused& problem) {
            refused += (refused.empty() ? "" : " and ") + std::string(provider.word) + " (" +
                       problem.what() + ")";
        }
    }
    Choice choice;
    choice.why = refused.empty() ? "The CPU, for ONNX Runtime is built for no other device, and no "
                                   "provider library was given."
                                 : "The CPU, for " + refused + " cannot be used.";
    return choice;
}

void append_cuda(const Ort& ort, OrtSessionOptions* options) {
    const OrtApi& api = ort.api();
    OrtCUDAProviderOptionsV2* cuda = nullptr;
    ort.check(api.CreateCUDAProviderOptions(&cuda));
    const std::unique_ptr<OrtCUDAProviderOptionsV2, decltype(api.ReleaseCUDAProviderOptions)> held(
        cuda, api.ReleaseCUDAProviderOptions);
    ort.check(api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda));
}

}  // namespace

Choice choose(const Ort& ort, const std::string& word, const std::string& plugin) {
    if (word == "auto") {
        return automatic(ort, plugin);
    }
    if (word == "cpu") {
        Choice choice;
        choice.why = "The CPU was asked for.";
        return choice;
    }
    for (const Provider& provider : providers) {
        if (word == provider.word) {
            try {
                Choice choice = tried(ort, provider, plugin);
                choice.why = word + " was asked for.";
                return choice;
            } catch (const Refused& problem) {
                throw Error(Status::device, word + " cannot be used: " + problem.what() + ".");
            }
        }
    }
    throw Error(Status::device, "There is no device \"" + word +
                                    "\"; choose one of auto, rtx, cuda, directml, cpu.");
}

void attach(const Ort& ort, const Choice& choice, OrtSessionOptions* options,
            const Settings& settings) {
    if (choice.device == "rtx") {
        append_plugin(ort, choice.provider, options, settings);
    } else if (choice.device == "cuda") {
        append_cuda(ort, options);
    } else if (choice.device == "directml") {
        ort.check(ort.api().SetSessionExecutionMode(options, ORT_SEQUENTIAL));
        ort.check(ort.api().DisableMemPattern(options));
        ort.check(
            ort.api().SessionOptionsAppendExecutionProvider(options, "DML", nullptr, nullptr, 0));
    }
}

}  // namespace hearsight
