#include "manifest.h"

#include "breach.h"
#include "contract.h"
#include "error.h"
#include "fields.h"
#include "json.h"

namespace hearsight {

namespace {

using Listing = std::vector<std::string>;

}  // namespace

// Lists are never destroyed: a host may end while the worker still opens a graph.

template <>
const Listing& names<Role>() {
    static const Listing& all = *new Listing{"tokenize", "text",   "image",  "frames", "audio",
                                             "denoise",  "encode", "decode", "vocoder"};
    return all;
}
template <>
const Listing& names<Precision>() {
    static const Listing& all = *new Listing{"fp32", "fp16", "int8"};
    return all;
}
template <>
const Listing& names<DType>() {
    static const Listing& all =
        *new Listing{"float32", "float16", "int64", "int32", "uint8", "bool", "string"};
    return all;
}
template <>
const Listing& names<Kind>() {
    static const Listing& all = *new Listing{"generator", "conditioner", "both"};
    return all;
}
template <>
const Listing& names<BetaKind>() {
    static const Listing& all = *new Listing{"linear", "scaled_linear", "cosine", "given", "flow"};
    return all;
}
template <>
const Listing& names<Prediction>() {
    static const Listing& all = *new Listing{"epsilon", "v", "sample", "flow"};
    return all;
}
template <>
const Listing& names<FinalAlpha>() {
    static const Listing& all = *new Listing{"one", "first"};
    return all;
}
template <>
const Listing& names<Spacing>() {
    static const Listing& all = *new Listing{"leading", "trailing", "upstream"};
    return all;
}
template <>
const Listing& names<Solver>() {
    static const Listing& all = *new Listing{"ddim", "dpm++2m", "euler"};
    return all;
}

namespace {

template <typename E>
const char* nth(E value) {
    return names<E>()[static_cast<std::size_t>(value)].c_str();
}

void add_file(Fields& fields, DataFile& into) {
    fields.needs("file", into.file).needs("sha256", into.sha256).needs("bytes", into.bytes);
}

}  // namespace

// The readers of the structs, in the order in which they hold one another. `Fields` finds them
// by the type of what is read, so they are no part of the anonymous namespace.

void read(const Json& value, const Place& place, Flaws& flaws, DataFile& into) {
    Fields fields(value, place, flaws);
    add_file(fields, into);
    fields.end();
}

void read(const Json& value, const Place& place, Flaws& flaws, TensorFile& into) {
    Fields fields(value, place, flaws);
    add_file(fields, into);
    fields.needs("dtype", into.dtype).needs("shape", into.shape).end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Variant& into) {
    Fields fields(value, place, flaws);
    add_file(fields, into);
    fields.takes("weights", into.weights).end();
}

void read(const Json& value, const Place& place, Flaws& flaws, TensorSpec& into) {
    Fields(value, place, flaws)
        .needs("name", into.name)
        .needs("dtype", into.dtype)
        .needs("shape", into.shape)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Check& into) {
    Fields(value, place, flaws)
        .needs("inputs", into.inputs)
        .needs("outputs", into.outputs)
        .takes("text", into.text)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Parity& into) {
    Fields(value, place, flaws)
        .needs("precision", into.precision)
        .needs("max_abs", into.max_abs)
        .needs("relative_l2", into.relative_l2)
        .needs("snr_db", into.snr_db)
        .takes("shapes", into.shapes)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, ChainParity& into) {
    Fields(value, place, flaws)
        .needs("precision", into.precision)
        .needs("seconds", into.seconds)
        .needs("steps", into.steps)
        .needs("snr_db", into.snr_db)
        .needs("log_mel_db", into.log_mel_db)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Graph& into) {
    Fields(value, place, flaws)
        .needs("variants", into.variants)
        .needs("inputs", into.inputs)
        .needs("outputs", into.outputs)
        .takes("hot", into.hot)
        .takes("check", into.check)
        .takes("parity", into.parity)
        .takes("role", into.role)
        .takes("refused", into.refused)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, License& into) {
    Fields(value, place, flaws)
        .needs("name", into.name)
        .takes("url", into.url)
        .takes("commercial_use", into.commercial_use)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Source& into) {
    Fields(value, place, flaws)
        .needs("family", into.family)
        .needs("checkpoint", into.checkpoint)
        .needs("sha256", into.sha256)
        .takes("tools", into.tools)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Space& into) {
    Fields(value, place, flaws)
        .needs("name", into.name)
        .needs("shape", into.shape)
        .takes("empty", into.empty)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, AudioSpec& into) {
    Fields(value, place, flaws)
        .needs("sample_rate", into.sample_rate)
        .takes_one_of("channels", into.channels, {1, 2})
        .takes("peak", into.peak)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Latent& into) {
    Fields(value, place, flaws)
        .needs("shape", into.shape)
        .needs("samples_per_frame", into.samples_per_frame)
        .takes("multiple", into.multiple)
        .takes("bands", into.bands)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Betas& into) {
    Fields(value, place, flaws)
        .needs("kind", into.kind)
        .takes("start", into.start)
        .takes("end", into.end)
        .takes("values", into.values)
        .takes("shift", into.shift)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Schedule& into) {
    Fields(value, place, flaws)
        .needs("train_steps", into.train_steps)
        .needs("betas", into.betas)
        .needs("prediction", into.prediction)
        .takes("final_alpha", into.final_alpha)
        .takes("spacing", into.spacing)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Limits& into) {
    Fields(value, place, flaws)
        .needs("min_seconds", into.min_seconds)
        .needs("max_seconds", into.max_seconds)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Defaults& into) {
    Fields(value, place, flaws)
        .needs("solver", into.solver)
        .needs("steps", into.steps)
        .needs("guidance", into.guidance)
        .needs("seconds", into.seconds)
        .needs("limits", into.limits)
        .takes("eta", into.eta)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, TextConditioner& into) {
    Fields(value, place, flaws)
        .needs("graphs", into.graphs)
        .takes("vocabulary", into.vocabulary)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, ImageConditioner& into) {
    Fields(value, place, flaws).needs("graphs", into.graphs).end();
}

void read(const Json& value, const Place& place, Flaws& flaws, VideoConditioner& into) {
    Fields(value, place, flaws)
        .needs("graphs", into.graphs)
        .needs("fps", into.fps)
        .needs("max_frames", into.max_frames)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, AudioConditioner& into) {
    Fields(value, place, flaws)
        .needs("graphs", into.graphs)
        .needs("sample_rate", into.sample_rate)
        .needs("seconds", into.seconds)
        .takes("pad", into.pad)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Conditioners& into) {
    Fields(value, place, flaws)
        .takes("text", into.text)
        .takes("image", into.image)
        .takes("video", into.video)
        .takes("audio", into.audio)
        .end();
}

void read(const Json& value, const Place& place, Flaws& flaws, Manifest& into) {
    std::int64_t format = kFormat;
    Fields fields(value, place, flaws);
    if (value.is_object() && !value.contains("format")) {
        fields.needs("format", format);
    }
    fields.takes_one_of("format", format, {kFormat})
        .needs("name", into.name)
        .needs("title", into.title)
        .needs("version", into.version)
        .needs("kind", into.kind)
        .needs("license", into.license)
        .needs("source", into.source)
        .needs("space", into.space)
        .needs("graphs", into.graphs)
        .takes("conditioners", into.conditioners)
        .takes("audio", into.audio)
        .takes("latent", into.latent)
        .takes("schedule", into.schedule)
        .takes("defaults", into.defaults)
        .takes("chain", into.chain)
        .end();
}

const char* name_of(Role value) {
    return nth(value);
}
const char* name_of(Precision value) {
    return nth(value);
}
const char* name_of(DType value) {
    return nth(value);
}
const char* name_of(Kind value) {
    return nth(value);
}
const char* name_of(Solver value) {
    return nth(value);
}

std::optional<Role> role_named(std::string_view name) {
    return named<Role>(name);
}

namespace {

// A bundle of another format is told so, whatever else in it has changed its meaning.
void check_format(const Json& document, const std::string& where) {
    const auto said = document.find("format");
    if (said == document.end() || !said->is_number_integer() || *said == kFormat) {
        return;
    }
    throw Error(Status::bundle, where + ": this bundle is of format " + said->dump() +
                                    ", this version plays " + std::to_string(kFormat) + ": " +
                                    (*said > kFormat ? "update hearsight" : "export it again") +
                                    ".");
}

}  // namespace

Manifest parse_manifest(std::string_view raw, const std::string& where) {
    const Document document = parse_json(raw, where);
    check_format(document, where);
    Manifest manifest;
    Flaws flaws;
    read(document, Place{}, flaws, manifest);
    if (!flaws.first().empty()) {
        throw Error(Status::bundle, where + plain(flaws.first()) + ".");
    }
    try {
        check_contract(manifest);
    } catch (const Breach& broken) {
        throw Error(Status::bundle, where + ": " + plain(broken.sentence) + ".");
    }
    return manifest;
}

}  // namespace hearsight
