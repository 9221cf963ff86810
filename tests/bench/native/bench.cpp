// How long the compiled player takes around ONNX Runtime's own time.
//
// `hearsight-bench ONNXRUNTIME MICRO STARTER`: paths of the library and of two bundles. Prints, in
// the order of repetitions sorted by time, the median of: microseconds a row of the sampler takes
// beyond ONNX Runtime's runs, on the micro bundle with one thread; milliseconds for opening the
// starter, with its files only looked at, and until its denoise graph is ready to run.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "generator.h"
#include "library.h"

namespace {

using namespace hearsight;
using Clock = std::chrono::steady_clock;

const OrtApi* real = nullptr;
Clock::duration inside{};  // time spent in runs of graphs

OrtStatus* ORT_API_CALL timed_run(OrtSession* session, const OrtRunOptions* options,
                                  const char* const* names, const OrtValue* const* inputs,
                                  std::size_t count, const char* const* output_names,
                                  std::size_t output_count, OrtValue** outputs) noexcept {
    const auto start = Clock::now();
    OrtStatus* status =
        real->Run(session, options, names, inputs, count, output_names, output_count, outputs);
    inside += Clock::now() - start;
    return status;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

double milliseconds(Clock::duration span) {
    return std::chrono::duration<double, std::milli>(span).count();
}

double row_overhead(const EngineSettings& settings, const std::string& path) {
    auto bundle = std::make_shared<const Bundle>(open_bundle(path, Verify::none));
    const Generator generator(bundle, {}, settings);
    Request request;
    request.prompts.resize(1);
    request.prompts[0].modality = Modality::condition;
    request.prompts[0].condition.assign(count(bundle->manifest.space.shape), 0.5F);
    request.seconds = 1.0;
    request.steps = 200;
    request.seed = 1;
    std::vector<double> found;
    for (int repetition = 0; repetition < 21; ++repetition) {
        Cancel cancel;
        Clock::time_point first;
        const auto progress = [&](const char* stage, int done, int total) {
            if (std::string_view(stage) != "denoise") {
                return;
            }
            if (done == 1) {  // the graph is open now
                first = Clock::now();
                inside = {};
            } else if (done == total) {
                const double outside = milliseconds(Clock::now() - first - inside);
                found.push_back(outside * 1000 / (total - 1));
            }
        };
        generator.make(request, progress, cancel, [](Take&&) {});
    }
    return median(found);
}

}  // namespace

int main(int count, char** words) {
    if (count != 4) {
        std::fputs("usage: hearsight-bench ONNXRUNTIME MICRO STARTER\n", stderr);
        return 2;
    }
    const auto loading = Clock::now();
    const auto opened = Ort::open(words[1]);
    std::printf("loading ONNX Runtime    %8.2f ms\n", milliseconds(Clock::now() - loading));
    real = &opened->api();
    OrtApi table = *real;
    table.Run = timed_run;
    EngineSettings settings;
    settings.ort = Ort::adopt(&table);
    settings.threads = 1;
    std::printf("host work a row         %8.2f us\n", row_overhead(settings, words[2]));
    std::vector<double> files, hot;
    for (int repetition = 0; repetition < 21; ++repetition) {
        const auto start = Clock::now();
        auto bundle = std::make_shared<const Bundle>(open_bundle(words[3], Verify::none));
        const Generator generator(bundle, {}, settings);
        files.push_back(milliseconds(Clock::now() - start));
        Engine engine(bundle, settings);
        Cancel cancel;
        try {  // inputs that are none: the graph is opened and does not run
            engine.run("denoise", {}, cancel);
        } catch (const std::exception&) {
            hot.push_back(milliseconds(Clock::now() - start));
        }
    }
    std::printf("opening the starter     %8.2f ms\n", median(files));
    std::printf("  and its denoise graph %8.2f ms\n", median(hot));
    return 0;
}
