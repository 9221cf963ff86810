#include "decoder.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "error.h"
#include "noise.h"
#include "pieces.h"

namespace hearsight {
namespace {

std::int64_t divide_up(std::int64_t value, std::int64_t by) {
    return (value + by - 1) / by;
}

std::int64_t frames_of(const Manifest& manifest, double seconds) {
    const Latent& latent = *manifest.latent;
    const auto samples = static_cast<std::int64_t>(
        std::nearbyint(seconds * static_cast<double>(manifest.audio->sample_rate)));
    const std::int64_t frames = divide_up(samples, latent.samples_per_frame);
    return divide_up(frames, latent.multiple) * latent.multiple;
}

// Whether an axis of the noise input grows with the frames: `T`, or a multiple such as `1280T`.
bool grows(const Dim& dim) {
    const auto* name = std::get_if<std::string>(&dim);
    return name && name->back() == 'T';
}

// An axis of the noise input for so many frames; B is 1 here.
std::int64_t size_of(const Dim& dim, std::int64_t frames) {
    if (const auto* fixed = std::get_if<std::int64_t>(&dim)) {
        return *fixed;
    }
    const std::string& name = std::get<std::string>(dim);
    if (name == "B") {
        return 1;
    }
    return (name == "T" ? 1 : std::stoll(name)) * frames;
}

Shape shape_of(const Dims& dims, std::int64_t frames) {
    Shape shape;
    for (const Dim& dim : dims) {
        shape.push_back(size_of(dim, frames));
    }
    return shape;
}

// Copies a part of an array to where it begins along an axis of the whole.
void put(Tensor& whole, const Tensor& part, std::size_t axis, std::int64_t first) {
    const Shape& shape = part.shape;
    const auto middle = shape.begin() + static_cast<std::ptrdiff_t>(axis);
    const std::size_t above = count(Shape(shape.begin(), middle));
    const std::size_t below = count(Shape(middle + 1, shape.end()));
    const std::size_t piece = static_cast<std::size_t>(shape[axis]) * below;
    const std::size_t all = static_cast<std::size_t>(whole.shape[axis]) * below;
    for (std::size_t outer = 0; outer < above; ++outer) {
        const float* from = part.data.data() + outer * piece;
        std::copy_n(from, piece,
                    whole.data.data() + outer * all + static_cast<std::size_t>(first) * below);
    }
}

// The noise input of `decode` for some frames.
Tensor decode_noise(std::uint64_t seed, const Dims& dims, const Frames& frames) {
    const auto found = std::find_if(dims.begin(), dims.end(), grows);
    if (found == dims.end()) {
        return normal(seed, DECODE_STREAM, shape_of(dims, 1));
    }
    const auto axis = static_cast<std::size_t>(found - dims.begin());
    const auto stretches = runs(frames);
    Tensor whole;
    std::int64_t done = 0;
    for (const auto& [first, end] : stretches) {
        const auto length = static_cast<std::int64_t>(end - first);
        const std::int64_t start = size_of(*found, frames[first]);
        Tensor piece = normal(seed, DECODE_STREAM, shape_of(dims, length), axis, start);
        if (stretches.size() == 1) {
            return piece;
        }
        if (done == 0) {
            whole = zeros(shape_of(dims, static_cast<std::int64_t>(frames.size())));
        }
        put(whole, piece, axis, done);
        done += size_of(*found, length);
    }
    return whole;
}

[[noreturn]] void refuse(const Bundle& bundle, const std::string& what) {
    throw Error(Status::bundle, "The bundle \"" + bundle.manifest.name + "\": " + what +
                                    "; its manifest does not say what its graphs do, so export it "
                                    "again.");
}

[[noreturn]] void refuse(const Bundle& bundle, std::int64_t found, const char* what,
                         std::int64_t due) {
    refuse(bundle, "decode gave " + std::to_string(found) + " " + what + " where " +
                       std::to_string(due) + " were due");
}

// Where time is in what a vocoder takes, how many frames of it go to one of the latent, and how
// many to either side count.
struct MelFrames {
    std::size_t axis;
    std::int64_t per_frame;
    std::int64_t reach;
};

// The mel of a vocoder that can be run in pieces.
std::optional<MelFrames> mel_of(const Manifest& manifest) {
    const Graph* vocoder = find(manifest.graphs, "vocoder");
    if (!vocoder || !vocoder->reach) {
        return std::nullopt;
    }
    const Dims& shape = vocoder->inputs.front().shape;
    const auto growing = std::find_if(shape.begin(), shape.end(), grows);
    if (growing == shape.end()) {
        return std::nullopt;
    }
    const std::int64_t per_frame = size_of(*growing, 1);
    if (manifest.latent->samples_per_frame % per_frame != 0) {
        return std::nullopt;
    }
    return MelFrames{static_cast<std::size_t>(growing - shape.begin()), per_frame, *vocoder->reach};
}

Frames counting(std::int64_t first, std::int64_t last) {
    Frames frames(static_cast<std::size_t>(last - first));
    std::iota(frames.begin(), frames.end(), first);
    return frames;
}

// The windows of one latent, decoded one after the other.
class Decoding {
  public:
    Decoding(Engine& engine, const Tensor& latent, const Tiling& tiles, std::uint64_t seed,
             const Progress& progress, Cancel& cancel)
        : engine_(engine), manifest_(engine.bundle().manifest), latent_(latent), tiles_(tiles),
          seed_(seed), progress_(progress), cancel_(cancel), mel_(mel_of(manifest_)) {
        if (mel_) {
            pieces_ = pieces(tiles.size * mel_->per_frame, mel_->reach);
        }
    }

    // The sound [channels, samples] of a window.
    Tensor window(std::size_t index) {
        auto outputs = decoded(index);
        Tensor sound = zeros({channels(), tiles_.size * per_frame()});
        if (mel_) {
            voice(outputs["mel"], sound);
            return sound;
        }
        if (find(manifest_.graphs, "vocoder")) {
            const Value mel = std::move(outputs["mel"]);
            outputs = engine_.run("vocoder", {{"mel", &mel}}, cancel_);
        }
        put(outputs["audio"], sound.shape[1], {0, sound.shape[1]}, 0, sound);
        return sound;
    }

  private:
    std::int64_t channels() const { return manifest_.audio->channels; }
    std::int64_t per_frame() const { return manifest_.latent->samples_per_frame; }

    std::map<std::string, Value> decoded(std::size_t index) {
        const Ort& ort = engine_.ort();
        const Frames frames = tiles_.window(index).frames;
        const Tensor here = tiles_.whole() ? Tensor{} : take(latent_, frames, time_axis(manifest_));
        const Value given = ort.view(tiles_.whole() ? latent_ : here);
        Inputs inputs{{"latent", &given}};
        Tensor noise;
        Value added;
        for (const TensorSpec& spec : engine_.graph("decode").inputs) {
            if (spec.name == "noise") {
                noise = decode_noise(seed_, spec.shape, frames);
                added = ort.view(noise);
                inputs.emplace_back("noise", &added);
            }
        }
        return engine_.run("decode", inputs, cancel_);
    }

    // Lays the sound of a mel into `sound`, piece by piece.
    void voice(const Value& value, Tensor& sound) {
        const Tensor mel = engine_.ort().tensor(value);
        const std::int64_t frames = tiles_.size * mel_->per_frame;
        const std::int64_t samples = per_frame() / mel_->per_frame;
        const std::int64_t there = mel.shape.size() > mel_->axis ? mel.shape[mel_->axis] : 0;
        if (there < frames) {
            refuse(engine_.bundle(), there, "frames", frames);
        }
        for (const Piece& piece : pieces_) {
            const Tensor part = take(mel, counting(piece.first, piece.last), mel_->axis);
            const Value given = engine_.ort().view(part);
            auto outputs = engine_.run("vocoder", {{"mel", &given}}, cancel_);
            put(outputs["audio"], (piece.last - piece.first) * samples,
                {(piece.start - piece.first) * samples, (piece.end - piece.first) * samples},
                piece.start * samples, sound);
        }
    }

    // Copies a stretch of what a graph gave, of which so many samples are due, to a place in
    // `sound`.
    void put(const Value& audio, std::int64_t due, std::pair<std::int64_t, std::int64_t> stretch,
             std::int64_t place, Tensor& sound) {
        const Ort& ort = engine_.ort();
        const Shape shape = ort.shape(audio);
        const std::int64_t there = shape.empty() ? 0 : shape.back();
        if (there < due || count(shape) != static_cast<std::size_t>(there * channels())) {
            refuse(engine_.bundle(), there, "samples", due);
        }
        const auto [first, end] = stretch;
        for (std::int64_t channel = 0; channel < channels(); ++channel) {
            std::copy_n(ort.floats(audio) + channel * there + first, end - first,
                        sound.data.begin() + channel * sound.shape[1] + place);
        }
        const std::size_t every = std::max<std::size_t>(1, pieces_.size()) * tiles_.starts.size();
        progress_("decode", ++done_, static_cast<std::int64_t>(every));
    }

    Engine& engine_;
    const Manifest& manifest_;
    const Tensor& latent_;
    const Tiling& tiles_;
    const std::uint64_t seed_;
    const Progress& progress_;
    Cancel& cancel_;
    const std::optional<MelFrames> mel_;
    std::vector<Piece> pieces_;  // of every window's mel
    std::int64_t done_ = 0;
};

}  // namespace

Tiling tile(const Manifest& manifest, double seconds, bool loop) {
    const Latent& latent = *manifest.latent;
    const std::int64_t longest = frames_of(manifest, manifest.defaults->limits.max_seconds);
    if (!loop) {
        return line(frames_of(manifest, seconds), longest);
    }
    const double frames = seconds * static_cast<double>(manifest.audio->sample_rate) /
                          static_cast<double>(latent.samples_per_frame);
    const auto nearest = static_cast<std::int64_t>(std::nearbyint(frames));
    return circle(std::max<std::int64_t>(1, nearest), longest, latent.multiple);
}

Shape latent_shape(const Manifest& manifest, std::int64_t frames) {
    Shape shape = shape_of(manifest.latent->shape, frames);
    shape.insert(shape.begin(), 1);
    return shape;
}

std::size_t time_axis(const Manifest& manifest) {
    const Dims& dims = manifest.latent->shape;
    return 1 +
           static_cast<std::size_t>(std::find_if(dims.begin(), dims.end(), grows) - dims.begin());
}

Tensor encode(Engine& engine, const std::vector<float>& samples, const Tiling& tiles,
              Cancel& cancel) {
    const Manifest& manifest = engine.bundle().manifest;
    const std::int64_t per_frame = manifest.latent->samples_per_frame;
    Tensor sound = zeros({tiles.frames * per_frame});
    std::copy_n(samples.begin(), std::min(samples.size(), sound.data.size()), sound.data.begin());
    const Shape due = latent_shape(manifest, tiles.size);
    const auto part = [&](std::size_t index) {
        Tensor piece = take(sound, tiles.window(index, per_frame).frames, 0);
        piece.shape.insert(piece.shape.begin(), 1);
        const Value audio = engine.ort().view(piece);
        auto outputs = engine.run("encode", {{"audio", &audio}}, cancel);
        Tensor mean = engine.ort().tensor(outputs["mean"]);
        if (mean.shape != due) {
            refuse(engine.bundle(), "encode gave another latent than is due");
        }
        return mean;
    };
    return tiles.blend(part, time_axis(manifest));
}

std::vector<float> decode(Engine& engine, const Tensor& latent, const Tiling& tiles,
                          std::uint64_t seed, const Progress& progress, Cancel& cancel) {
    const Manifest& manifest = engine.bundle().manifest;
    const std::int64_t per_frame = manifest.latent->samples_per_frame;
    const std::int64_t channels = manifest.audio->channels;
    Decoding decoding(engine, latent, tiles, seed, progress, cancel);
    const auto part = [&](std::size_t index) { return decoding.window(index); };
    const Tensor whole = tiles.blend(part, 1, per_frame);
    const auto samples = static_cast<std::size_t>(tiles.frames * per_frame);
    if (channels == 1) {
        return whole.data;
    }
    std::vector<float> in_turn(whole.data.size());
    for (std::size_t index = 0; index < in_turn.size(); ++index) {
        const auto both = static_cast<std::size_t>(channels);
        in_turn[index] = whole.data[index % both * samples + index / both];
    }
    return in_turn;
}

}  // namespace hearsight
