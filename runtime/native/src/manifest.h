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
#include <vector>

#include "graphs.h"

namespace hearsight {

constexpr std::int64_t kFormat = 1;

// Kinds of prompt that a bundle may understand; a player may know fewer.
enum class Sense { text, image, video, audio, depth, thermal, imu };
enum class Kind { generator, conditioner, both, classifier };
enum class BetaKind { linear, scaled_linear, cosine, given, flow };
enum class Prediction { epsilon, v, sample, flow };
enum class FinalAlpha { one, first };
enum class Spacing { leading, trailing, upstream };
enum class Solver { ddim, dpmpp_2m, euler };
enum class Logarithm { ln, log10 };
enum class Fill { mean, list };
enum class Mean { raw, unit };

// What the manifest calls the values of the above: "fp32", "dpm++2m".
template <>
Names names<Sense>();
template <>
Names names<Kind>();
template <>
Names names<BetaKind>();
template <>
Names names<Prediction>();
template <>
Names names<FinalAlpha>();
template <>
Names names<Spacing>();
template <>
Names names<Solver>();
template <>
Names names<Logarithm>();
template <>
Names names<Fill>();
template <>
Names names<Mean>();

// How far a whole sound was from the original's.
struct ChainParity {
    Precision precision = Precision::fp32;
    double seconds = 0;
    std::int64_t steps = 0;
    double snr_db = 0;
    double log_mel_db = 0;
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

// Where conditioners and generators meet: shape of one condition, and the one for "no prompt". Of a
// classifier it is the set of classes and their number.
struct Space {
    std::string name;
    std::vector<std::int64_t> shape;
    std::optional<TensorFile> empty;
};

// The mel spectrogram between `decode` and `vocoder`, so that vocoders can be exchanged.
struct Mel {
    std::int64_t bins = 0;
    std::int64_t n_fft = 0;
    std::int64_t hop = 0;
    double fmin = 0;
    double fmax = 0;
    Logarithm log = Logarithm::ln;
    double floor = 0;
};

// What `decode` returns: rate in Hz, 1 or 2 channels, and the sample peak of all sounds in
// training if they had one.
struct AudioSpec {
    std::int64_t sample_rate = 0;
    std::int64_t channels = 1;
    std::optional<double> peak;
    std::optional<Mel> mel;
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

// The graphs that a prompt goes through, one after the other.
using Chain = std::vector<std::string>;

struct TextConditioner {
    Chain graphs;
    std::optional<DataFile> vocabulary;
};

constexpr std::int64_t default_sources = 16;

// `max_sources` parts at the most are looked at, where a `detect` graph finds some.
struct ImageConditioner {
    Chain graphs;
    std::int64_t max_sources = default_sources;
};

struct VideoConditioner {
    Chain graphs;
    double fps = 0;
    std::int64_t max_frames = 0;
    double moment_seconds = 0;
    std::int64_t max_sources = default_sources;
};

// Mono at `sample_rate` Hz, cut to `seconds`; with `pad` a shorter one is padded with zeros.
struct AudioConditioner {
    Chain graphs;
    std::int64_t sample_rate = 0;
    double seconds = 0;
    bool pad = true;
};

// A depth or thermal picture, or the signal of an IMU.
struct SensorConditioner {
    Chain graphs;
};

struct Conditioners {
    std::optional<TextConditioner> text;
    std::optional<ImageConditioner> image;
    std::optional<VideoConditioner> video;
    std::optional<AudioConditioner> audio;
    std::optional<SensorConditioner> depth;
    std::optional<SensorConditioner> thermal;
    std::optional<SensorConditioner> imu;
};

// One input of the `join` graph, and the prompts that go there: as one weighted mean, or a row to
// each.
struct JoinInput {
    std::string name;
    std::vector<Sense> takes;
    Fill fill = Fill::mean;
    Mean mean = Mean::unit;
};

// How long a `join` graph searches for its condition.
struct Search {
    std::int64_t rounds = 0;
    std::int64_t candidates = 0;
    std::int64_t draws = 0;
};

// How prompts meet in the `join` graph before they are a condition.
struct Join {
    std::vector<JoinInput> inputs;
    bool whole = false;
    std::optional<Search> search;
};

// Sound comes as for an AudioConditioner; `labels` are the names of the classes.
struct Classifier {
    Chain graphs;
    std::int64_t sample_rate = 0;
    double seconds = 0;
    bool pad = true;
    std::optional<DataFile> labels;
};

// All of `bundle.json`. `audio`, `latent`, `schedule` and `defaults` belong to generators, and a
// bundle of kind generator or both has all four. `join` belongs to bundles with such a graph,
// `classifier` to classifiers.
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
    std::optional<Join> join;
    std::optional<Classifier> classifier;
    std::optional<AudioSpec> audio;
    std::optional<Latent> latent;
    std::optional<Schedule> schedule;
    std::optional<Defaults> defaults;
    std::vector<ChainParity> chain;

    // Whether it is a generator, whatever else it is.
    bool makes_sound() const { return kind == Kind::generator || kind == Kind::both; }
};

// Reads the bytes of a `bundle.json` strictly, and holds it to every rule of the format;
// `where` names it in errors.
// Throws Error(bundle): another format, unknown keys, wrong types, broken rules.
Manifest parse_manifest(std::string_view raw, const std::string& where);

}  // namespace hearsight
