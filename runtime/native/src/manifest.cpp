#include "manifest.h"

#include "breach.h"
#include "contract.h"
#include "error.h"
#include "fields.h"
#include "json.h"

namespace hearsight {

// The readers of the structs, in the order in which they hold one another.

void each(Fields& fields, DataFile& into) {
    fields.needs("file", into.file).needs("sha256", into.sha256).needs("bytes", into.bytes);
}

void each(Fields& fields, TensorFile& into) {
    each(fields, static_cast<DataFile&>(into));
    fields.needs("dtype", into.dtype).needs("shape", into.shape);
}

void each(Fields& fields, Variant& into) {
    each(fields, static_cast<DataFile&>(into));
    fields.takes("weights", into.weights);
}

void each(Fields& fields, TensorSpec& into) {
    fields.needs("name", into.name).needs("dtype", into.dtype).needs("shape", into.shape);
}

void each(Fields& fields, Check& into) {
    fields.needs("inputs", into.inputs).needs("outputs", into.outputs).takes("text", into.text);
}

void each(Fields& fields, Parity& into) {
    fields.needs("precision", into.precision)
        .needs("max_abs", into.max_abs)
        .needs("relative_l2", into.relative_l2)
        .needs("snr_db", into.snr_db)
        .takes("shapes", into.shapes);
}

void each(Fields& fields, ChainParity& into) {
    fields.needs("precision", into.precision)
        .needs("seconds", into.seconds)
        .needs("steps", into.steps)
        .needs("snr_db", into.snr_db)
        .needs("log_mel_db", into.log_mel_db);
}

void each(Fields& fields, Graph& into) {
    fields.needs("variants", into.variants)
        .needs("inputs", into.inputs)
        .needs("outputs", into.outputs)
        .takes("hot", into.hot)
        .takes("check", into.check)
        .takes("parity", into.parity)
        .takes("role", into.role)
        .takes("refused", into.refused)
        .takes("reach", into.reach);
}

void each(Fields& fields, License& into) {
    fields.needs("name", into.name)
        .takes("url", into.url)
        .takes("commercial_use", into.commercial_use);
}

void each(Fields& fields, Source& into) {
    fields.needs("family", into.family)
        .needs("checkpoint", into.checkpoint)
        .needs("sha256", into.sha256)
        .takes("tools", into.tools);
}

void each(Fields& fields, Space& into) {
    fields.needs("name", into.name).needs("shape", into.shape).takes("empty", into.empty);
}

void each(Fields& fields, Mel& into) {
    fields.needs("bins", into.bins)
        .needs("n_fft", into.n_fft)
        .needs("hop", into.hop)
        .needs("fmin", into.fmin)
        .needs("fmax", into.fmax)
        .needs("log", into.log)
        .needs("floor", into.floor);
}

void each(Fields& fields, AudioSpec& into) {
    fields.needs("sample_rate", into.sample_rate)
        .takes_one_of("channels", into.channels, {1, 2})
        .takes("peak", into.peak)
        .takes("mel", into.mel);
}

void each(Fields& fields, Latent& into) {
    fields.needs("shape", into.shape)
        .needs("samples_per_frame", into.samples_per_frame)
        .takes("multiple", into.multiple)
        .takes("bands", into.bands);
}

void each(Fields& fields, Betas& into) {
    fields.needs("kind", into.kind)
        .takes("start", into.start)
        .takes("end", into.end)
        .takes("values", into.values)
        .takes("shift", into.shift);
}

void each(Fields& fields, Schedule& into) {
    fields.needs("train_steps", into.train_steps)
        .needs("betas", into.betas)
        .needs("prediction", into.prediction)
        .takes("final_alpha", into.final_alpha)
        .takes("spacing", into.spacing);
}

void each(Fields& fields, Limits& into) {
    fields.needs("min_seconds", into.min_seconds).needs("max_seconds", into.max_seconds);
}

void each(Fields& fields, Defaults& into) {
    fields.needs("solver", into.solver)
        .needs("steps", into.steps)
        .needs("guidance", into.guidance)
        .needs("seconds", into.seconds)
        .needs("limits", into.limits)
        .takes("eta", into.eta);
}

void each(Fields& fields, TextConditioner& into) {
    fields.needs("graphs", into.graphs).takes("vocabulary", into.vocabulary);
}

void each(Fields& fields, ImageConditioner& into) {
    fields.needs("graphs", into.graphs).takes("max_sources", into.max_sources);
}

void each(Fields& fields, VideoConditioner& into) {
    fields.needs("graphs", into.graphs)
        .needs("fps", into.fps)
        .needs("max_frames", into.max_frames)
        .takes("moment_seconds", into.moment_seconds)
        .takes("max_sources", into.max_sources);
}

void each(Fields& fields, AudioConditioner& into) {
    fields.needs("graphs", into.graphs)
        .needs("sample_rate", into.sample_rate)
        .needs("seconds", into.seconds)
        .takes("pad", into.pad);
}

void each(Fields& fields, SensorConditioner& into) {
    fields.needs("graphs", into.graphs);
}

void each(Fields& fields, Conditioners& into) {
    fields.takes("text", into.text)
        .takes("image", into.image)
        .takes("video", into.video)
        .takes("audio", into.audio)
        .takes("depth", into.depth)
        .takes("thermal", into.thermal)
        .takes("imu", into.imu);
}

void each(Fields& fields, JoinInput& into) {
    fields.needs("name", into.name)
        .needs("takes", into.takes)
        .needs("fill", into.fill)
        .takes("mean", into.mean);
}

void each(Fields& fields, Search& into) {
    fields.needs("rounds", into.rounds)
        .needs("candidates", into.candidates)
        .needs("draws", into.draws);
}

void each(Fields& fields, Join& into) {
    fields.needs("inputs", into.inputs).takes("whole", into.whole).takes("search", into.search);
}

void each(Fields& fields, Classifier& into) {
    fields.needs("graphs", into.graphs)
        .needs("sample_rate", into.sample_rate)
        .needs("seconds", into.seconds)
        .takes("pad", into.pad)
        .takes("labels", into.labels);
}

void each(Fields& fields, Manifest& into) {
    std::int64_t format = kFormat;
    if (fields.value().is_object() && !fields.value().contains("format")) {
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
        .takes("join", into.join)
        .takes("classifier", into.classifier)
        .takes("audio", into.audio)
        .takes("latent", into.latent)
        .takes("schedule", into.schedule)
        .takes("defaults", into.defaults)
        .takes("chain", into.chain);
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
