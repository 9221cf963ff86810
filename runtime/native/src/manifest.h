// The data of `bundle.json`, format 1: what a bundle says about itself.
//
// The same as runtime/hearsight/manifest.py, without what only exporters and checks read: golden
// tensors' values and parity are kept as far as the rules need them. `engines/FORMAT.md` says
// what each key means.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hearsight {

constexpr std::int64_t kFormat = 1;

enum class Role { tokenize, text, image, frames, audio, denoise, encode, decode, vocoder };
enum class Precision { fp32, fp16, int8 };
enum class DType { float32, float16, int64, int32, uint8, boolean, string };
enum class Kind { generator, conditioner, both };
enum class BetaKind { linear, scaled_linear, cosine, given, flow };
enum class Prediction { epsilon, v, sample, flow };
enum class FinalAlpha { one, first };
enum class Spacing { leading, trailing, upstream };
enum class Solver { ddim, dpmpp_2m, euler };

// What the manifest calls a value of the above: "fp32", "dpm++2m".
const char* name_of(Role value);
const char* name_of(Precision value);
const char* name_of(DType value);
const char* name_of(Kind value);
const char* name_of(Solver value);

// An object of the manifest with names of its own choice, in the manifest's order.
template <typename Key, typename Value>
using Entries = std::vector<std::pair<Key, Value>>;

template <typename Key, typename Value, typename Sought>
const Value* find(const Entries<Key, Value>& entries, const Sought& key) {
    for (const auto& entry : entries) {
        if (entry.first == key) {
            return &entry.second;
        }
    }
    return nullptr;
}

// A number for a fixed axis, a name for a free one: `B`, `G`, `GB`, `T`, `80T`, `N`, `S`, `L`,
// `H`, `W`.
using Dim = std::variant<std::int64_t, std::string>;
using Dims = std::vector<Dim>;

// A file of the bundle: path relative to its folder with `/`, sha256 in hex, size in bytes.
struct DataFile {
    std::string file;
    std::string sha256;
    std::int64_t bytes = 0;
};

// A tensor stored as raw little-endian values in C order, without a header.
struct TensorFile : DataFile {
    DType dtype = DType::float32;
    std::vector<std::int64_t> shape;
};

// One input or output of a graph.
struct TensorSpec {
    std::string name;
    DType dtype = DType::float32;
    Dims shape;
};

// One precision of a graph: the ONNX file and the external weight files it maps.
struct Variant : DataFile {
    std::vector<DataFile> weights;
};

// Golden inputs and outputs of a graph, in the graph's own order.
struct Check {
    std::vector<TensorFile> inputs;
    std::vector<TensorFile> outputs;
    std::string text;
};

// How far a variant was from the original when it was exported.
struct Parity {
    Precision precision = Precision::fp32;
    double max_abs = 0;
    double relative_l2 = 0;
    double snr_db = 0;
    std::vector<std::string> shapes;
};

// How far a whole sound was from the original's.
struct ChainParity {
    Precision precision = Precision::fp32;
    double seconds = 0;
    std::int64_t steps = 0;
    double snr_db = 0;
    double log_mel_db = 0;
};

// A computation of the bundle. `hot` graphs run many times a sound, the others once.
struct Graph {
    Entries<Precision, Variant> variants;
    std::vector<TensorSpec> inputs;
    std::vector<TensorSpec> outputs;
    bool hot = false;
    std::optional<Check> check;
    std::vector<Parity> parity;
    std::optional<Role> role;
    Entries<Precision, std::string> refused;
};

// Terms of one weight file; without `commercial_use` it is not known.
struct License {
    std::string name;
    std::string url;
    std::optional<bool> commercial_use;
};

struct Source {
    std::string family;
    std::string checkpoint;
    std::string sha256;
    Entries<std::string, std::string> tools;
};

// Where conditioners and generators meet: shape of one condition, and the one for "no prompt".
struct Space {
    std::string name;
    std::vector<std::int64_t> shape;
    std::optional<TensorFile> empty;
};

// What `decode` returns: rate in Hz, 1 or 2 channels, and the sample peak of all sounds in
// training if they had one.
struct AudioSpec {
    std::int64_t sample_rate = 0;
    std::int64_t channels = 1;
    std::optional<double> peak;
};

// The tensor the sampler works on, without its batch axis; exactly one axis is `T`.
struct Latent {
    Dims shape;
    std::int64_t samples_per_frame = 0;
    std::int64_t multiple = 1;
    std::vector<double> bands;
};

struct Betas {
    BetaKind kind = BetaKind::linear;
    double start = 0;
    double end = 0;
    std::vector<double> values;
    double shift = 1;
};

struct Schedule {
    std::int64_t train_steps = 0;
    Betas betas;
    Prediction prediction = Prediction::epsilon;
    FinalAlpha final_alpha = FinalAlpha::one;
    Spacing spacing = Spacing::leading;
};

// Shortest and longest sound in seconds that this generator makes in one piece.
struct Limits {
    double min_seconds = 0;
    double max_seconds = 0;
};

// What is used when a request leaves a choice open.
struct Defaults {
    Solver solver = Solver::ddim;
    std::int64_t steps = 0;
    double guidance = 0;
    double seconds = 0;
    Limits limits;
    double eta = 0;
};

struct TextConditioner {
    std::vector<std::string> graphs;
    std::optional<DataFile> vocabulary;
};

struct ImageConditioner {
    std::vector<std::string> graphs;
};

struct VideoConditioner {
    std::vector<std::string> graphs;
    double fps = 0;
    std::int64_t max_frames = 0;
};

// Mono at `sample_rate` Hz, cut to `seconds`; with `pad` a shorter one is padded with zeros.
struct AudioConditioner {
    std::vector<std::string> graphs;
    std::int64_t sample_rate = 0;
    double seconds = 0;
    bool pad = true;
};

struct Conditioners {
    std::optional<TextConditioner> text;
    std::optional<ImageConditioner> image;
    std::optional<VideoConditioner> video;
    std::optional<AudioConditioner> audio;
};

// All of `bundle.json`. `audio`, `latent`, `schedule` and `defaults` belong to generators, and a
// bundle of kind generator or both has all four.
struct Manifest {
    std::string name;
    std::string title;
    std::string version;
    Kind kind = Kind::both;
    Entries<std::string, License> license;
    Source source;
    Space space;
    Entries<std::string, Graph> graphs;
    Conditioners conditioners;
    std::optional<AudioSpec> audio;
    std::optional<Latent> latent;
    std::optional<Schedule> schedule;
    std::optional<Defaults> defaults;
    std::vector<ChainParity> chain;
};

// Reads the bytes of a `bundle.json` strictly, and holds it to every rule of the format;
// `where` names it in errors.
// Throws Error(bundle): another format, unknown keys, wrong types, broken rules.
Manifest parse_manifest(std::string_view raw, const std::string& where);

}  // namespace hearsight
