// hearsight-play: a bundle and a text in, WAV files out. Uses nothing but hearsight.h.

#include <hearsight.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "wav.h"

namespace {

const char usage[] =
    "hearsight-play BUNDLE TEXT... -o SOUND.wav [OPTIONS]\n"
    "\n"
    "Makes a sound from texts, which are mixed where there are several; its peak is at -1 dBFS.\n"
    "\n"
    "  -o FILE              the sound; with --variations _01, _02 ... come before .wav\n"
    "  --condition FILE     a prompt that `runtime-cli condition` saved as .safetensors\n"
    "  --conditioner FOLDER another bundle, asked for prompts before BUNDLE itself\n"
    "  --negative TEXT      what it should not sound like\n"
    "  --seconds N          length\n"
    "  --seed N             the same seed gives the same sound\n"
    "  --steps N            steps of the sampler\n"
    "  --guidance X         how strictly to follow the texts\n"
    "  --solver NAME        ddim, dpm++2m or euler\n"
    "  --variations N       as many sounds\n"
    "  --loop               a sound whose end runs on into its start\n"
    "  --bits N             16 or 24 (24)\n"
    "  --threads N          of the processor\n"
    "  --device NAME        what it runs on: cpu, cuda, rtx, directml or auto (auto)\n"
    "  --precision NAME     fp32, fp16 or int8, of the graphs that have it\n"
    "  --provider FILE      the library that rtx comes in, else the one beside libhearsight\n"
    "  --onnxruntime FILE   ONNX Runtime's library, else HEARSIGHT_ONNXRUNTIME in the environment\n"
    "                       or the one beside libhearsight\n"
    "  --extensions FILE    the same of onnxruntime-extensions, which texts need, or\n"
    "                       HEARSIGHT_EXTENSIONS\n"
    "  --quiet              no progress\n"
    "\n"
    "Ends with 0, or 2 for a wrong request, 3 bundle, 4 device, 5 file, 130 interrupted.\n";

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int) {
    interrupted = 1;
}

struct Settings {
    hs_engine_options engine{};
    hs_bundle_options bundle{};
    hs_request request{};
    std::vector<hs_prompt> prompts;
    std::vector<std::vector<float>> conditions;
    std::vector<const char*> conditioners;
    std::string onnxruntime;
    std::string extensions;
    std::string provider;
    std::string output;
    std::uint32_t bits = 24;
    bool quiet = false;
};

[[noreturn]] void stop(const std::string& text, int status) {
    std::fprintf(stderr, "%s\n", text.c_str());
    std::exit(status);
}

double number(const std::string& name, const char* text, double most) {
    char* end = nullptr;
    const double value = std::strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0) || value > most) {
        stop(name + " is " + text + "; it must be a number from 0 to " + std::to_string(most), 2);
    }
    return value;
}

std::uint64_t whole(const std::string& name, const char* text, std::uint64_t most) {
    char* end = nullptr;
    errno = 0;
    const std::uint64_t value = std::strtoull(text, &end, 10);
    if (end == text || *end != '\0' || *text == '-' || errno != 0 || value > most) {
        stop(name + " is " + text + "; it must be a whole number from 0 to " + std::to_string(most),
             2);
    }
    return value;
}

std::uint32_t small(const std::string& name, const char* text) {
    return static_cast<std::uint32_t>(whole(name, text, UINT32_MAX));
}

std::int32_t solver(const char* text) {
    const std::map<std::string, std::int32_t> known{
        {"ddim", HS_SOLVER_DDIM}, {"dpm++2m", HS_SOLVER_DPMPP_2M}, {"euler", HS_SOLVER_EULER}};
    const auto found = known.find(text);
    if (found == known.end()) {
        stop(std::string("--solver is ") + text + "; it must be ddim, dpm++2m or euler.", 2);
    }
    return found->second;
}

// The numbers of a .safetensors file: they lie behind a header, whose bytes the first eight count.
std::vector<float> floats(const char* path) {
    constexpr std::uint64_t longest = 1 << 20;
    std::FILE* file = std::fopen(path, "rb");
    if (!file) {
        stop(std::string(path) + " cannot be read: " + std::strerror(errno), HS_FILE);
    }
    std::uint64_t header = 0;
    if (std::fread(&header, sizeof header, 1, file) != 1 || header > longest ||
        std::fseek(file, static_cast<long>(header), SEEK_CUR) != 0) {
        stop(std::string(path) + " is no file that `runtime-cli condition` wrote", HS_FILE);
    }
    std::vector<float> values;
    float value = 0;
    while (std::fread(&value, sizeof value, 1, file) == 1) {
        values.push_back(value);
    }
    std::fclose(file);
    return values;
}

// The samples with their peak at -1 dBFS, as `runtime-cli generate` leaves it.
std::vector<float> levelled(const hs_take_info& info) {
    std::vector<float> samples(info.samples, info.samples + info.frames * info.channels);
    float peak = 0;
    for (const float sample : samples) {
        peak = std::max(peak, std::abs(sample));
    }
    const float gain = peak > 0 ? std::pow(10.0F, -1.0F / 20) / peak : 1;
    for (float& sample : samples) {
        sample *= gain;
    }
    return samples;
}

hs_prompt prompt(std::int32_t kind) {
    hs_prompt made{};
    made.struct_size = sizeof made;
    made.kind = kind;
    return made;
}

void text(Settings& settings, const char* words) {
    hs_prompt made = prompt(HS_TEXT);
    made.text = words;
    settings.prompts.push_back(made);
}

void condition(Settings& settings, const char* path) {
    settings.conditions.push_back(floats(path));
    hs_prompt made = prompt(HS_CONDITION);
    made.values = settings.conditions.back().data();
    made.value_count = settings.conditions.back().size();
    settings.prompts.push_back(made);
}

// Where a library is that was named from the folder that the program is run in.
std::string library(const char* given) {
    std::error_code failed;
    return given ? std::filesystem::absolute(std::filesystem::u8path(given), failed).u8string()
                 : "";
}

void seed(hs_request& request, const char* given) {
    request.seed = whole("--seed", given, INT64_MAX);
    request.flags |= request.seed == 0 ? HS_SEED_0 : 0;
}

void guidance(hs_request& request, const char* given) {
    request.guidance = number("--guidance", given, 30);
    request.flags |= request.guidance == 0 ? HS_GUIDANCE_0 : 0;
}

Settings read(int argc, char** argv) {
    Settings made;
    made.engine.struct_size = sizeof made.engine;
    made.bundle.struct_size = sizeof made.bundle;
    made.request.struct_size = sizeof made.request;
    made.onnxruntime = library(std::getenv("HEARSIGHT_ONNXRUNTIME"));
    made.extensions = library(std::getenv("HEARSIGHT_EXTENSIONS"));
    hs_request& request = made.request;
    using Take = std::function<void(const char*)>;
    const std::map<std::string, Take> options{
        {"-o", [&](const char* given) { made.output = given; }},
        {"--condition", [&](const char* given) { condition(made, given); }},
        {"--conditioner", [&](const char* given) { made.conditioners.push_back(given); }},
        {"--negative", [&](const char* given) { request.negative = given; }},
        {"--seconds",
         [&](const char* given) { request.seconds = number("--seconds", given, 600); }},
        {"--seed", [&](const char* given) { seed(request, given); }},
        {"--steps", [&](const char* given) { request.steps = small("--steps", given); }},
        {"--guidance", [&](const char* given) { guidance(request, given); }},
        {"--solver", [&](const char* given) { request.solver = solver(given); }},
        {"--variations",
         [&](const char* given) { request.variations = small("--variations", given); }},
        {"--bits", [&](const char* given) { made.bits = small("--bits", given); }},
        {"--threads", [&](const char* given) { made.engine.threads = small("--threads", given); }},
        {"--device", [&](const char* given) { made.engine.device = given; }},
        {"--precision", [&](const char* given) { made.engine.precision = given; }},
        {"--provider", [&](const char* given) { made.provider = library(given); }},
        {"--onnxruntime", [&](const char* given) { made.onnxruntime = library(given); }},
        {"--extensions", [&](const char* given) { made.extensions = library(given); }},
    };
    for (int index = 1; index < argc; ++index) {
        const std::string word = argv[index];
        if (word == "--help" || word == "-h") {
            std::fputs(usage, stdout);
            std::exit(0);
        } else if (word == "--loop") {
            request.flags |= HS_LOOP;
        } else if (word == "--quiet") {
            made.quiet = true;
        } else if (const auto found = options.find(word); found != options.end()) {
            if (++index == argc) {
                stop(word + " needs a value.", HS_USAGE);
            }
            found->second(argv[index]);
        } else if (word.size() > 1 && word[0] == '-') {
            stop(word + " is no option; see hearsight-play --help.", HS_USAGE);
        } else if (!made.bundle.folder) {
            made.bundle.folder = argv[index];
        } else {
            text(made, argv[index]);
        }
    }
    if (!made.bundle.folder || made.prompts.empty() || made.output.empty()) {
        stop(usage, HS_USAGE);
    }
    if (made.bits != 16 && made.bits != 24) {
        stop("--bits must be 16 or 24.", HS_USAGE);
    }
    request.prompts = made.prompts.data();
    request.prompt_count = static_cast<std::uint32_t>(made.prompts.size());
    made.bundle.conditioners = made.conditioners.data();
    made.bundle.conditioner_count = static_cast<std::uint32_t>(made.conditioners.size());
    return made;
}

const char* or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

// Why the last call failed.
std::string last_words() {
    char words[2000];
    hs_engine_error(nullptr, words, sizeof words);
    return words;
}

void check(hs_status status) {
    if (status != HS_OK) {
        stop(last_words(), status);
    }
}

// Waits, shows progress, and passes an interruption on.
hs_status attend(hs_job* job, bool quiet) {
    const char* const stages[] = {"queued", "load", "prepare", "encode", "denoise", "decode", ""};
    hs_status status = HS_RUNNING;
    while ((status = hs_job_wait(job, 100)) == HS_RUNNING) {
        if (interrupted) {
            hs_job_cancel(job);
        }
        hs_progress now{};
        now.struct_size = sizeof now;
        if (!quiet && hs_job_poll(job, &now) == HS_OK) {
            std::fprintf(stderr, "\r%-8s %u/%u   ", stages[now.stage], now.done, now.total);
        }
    }
    if (!quiet) {
        std::fprintf(stderr, "\r%24s\r", "");
    }
    return status;
}

std::string path_of(const std::string& output, std::uint32_t index, std::uint32_t variations) {
    if (variations < 2) {
        return output;
    }
    char number[16];
    std::snprintf(number, sizeof number, "_%02u", index + 1);
    const std::size_t dot = output.rfind(".wav");
    const std::size_t end =
        dot != std::string::npos && dot + 4 == output.size() ? dot : output.size();
    return output.substr(0, end) + number + output.substr(end);
}

void save(hs_job* job, std::uint32_t index, const Settings& settings) {
    hs_take* take = nullptr;
    hs_take_info info{};
    info.struct_size = sizeof info;
    check(hs_job_result(job, index, &take));
    check(hs_take_get_info(take, &info));
    const std::string path = path_of(settings.output, index, settings.request.variations);
    if (!write_wav(path, levelled(info).data(), info.frames, info.channels, info.sample_rate,
                   settings.bits)) {
        stop(path + " cannot be written: " + std::strerror(errno), HS_FILE);
    }
    std::printf("%s: %.3f s at %u Hz, seed %llu\n", path.c_str(),
                static_cast<double>(info.frames) / info.sample_rate, info.sample_rate,
                static_cast<unsigned long long>(info.seed));
    if (*info.notes) {
        std::fprintf(stderr, "%s\n", info.notes);
    }
    hs_take_free(take);
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings = read(argc, argv);
    settings.engine.onnxruntime = or_null(settings.onnxruntime);
    settings.engine.extensions = or_null(settings.extensions);
    settings.engine.provider = or_null(settings.provider);
    std::signal(SIGINT, interrupt);
    hs_engine* engine = nullptr;
    hs_bundle* bundle = nullptr;
    hs_job* job = nullptr;
    const hs_status created = hs_engine_create(&settings.engine, &engine);
    if (created == HS_DEVICE && settings.onnxruntime.empty()) {
        stop(last_words() + "\nHere it is named with --onnxruntime FILE.", created);
    }
    check(created);
    check(hs_bundle_open(engine, &settings.bundle, &bundle));
    check(hs_job_start(bundle, &settings.request, nullptr, &job));
    const hs_status status = attend(job, settings.quiet);
    hs_progress last{};
    last.struct_size = sizeof last;
    hs_job_poll(job, &last);
    for (std::uint32_t index = 0; index < last.takes; ++index) {
        save(job, index, settings);
    }
    if (status != HS_OK) {
        char words[2000];
        hs_job_error(job, words, sizeof words);
        std::fprintf(stderr, "%s\n", words);
    }
    hs_job_free(job);
    hs_bundle_close(bundle);
    hs_engine_destroy(engine);
    return status;
}
