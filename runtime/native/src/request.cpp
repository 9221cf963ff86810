#include "request.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "error.h"
#include "exact.h"
#include "letters.h"
#include "spelled.h"
#include "tensor.h"

namespace hearsight {
namespace {

constexpr double default_strength = 0.6;

[[noreturn]] void refuse(const std::string& message) {
    throw Error(Status::usage, message);
}

void check_range(const std::string& name, double value, double low, double high) {
    if (!(value >= low && value <= high)) {  // so that what is no number is refused too
        refuse(name + " is " + spelled(value) + "; it must be a number from " + spelled(low) +
               " to " + spelled(high) + ".");
    }
}

template <typename Whole>
void check_whole(const std::string& name, Whole value, Whole low, Whole high) {
    if (value < low || value > high) {
        refuse(name + " is " + std::to_string(value) + "; it must be a whole number from " +
               std::to_string(low) + " to " + std::to_string(high) + ".");
    }
}

void check_text(const std::string& name, const std::string& value) {
    if (!is_text(value)) {
        refuse(name + " must be text in valid UTF-8.");
    }
}

void check_prompt(const Prompt& prompt, const std::string& name, const Manifest& manifest) {
    check_text(name + ".text", prompt.text);
    check_range(name + ".weight", prompt.weight, -1000, 1000);
    if (prompt.weight == 0) {
        refuse(name + ".weight is 0; leave the prompt out instead.");
    }
    const Picture& picture = prompt.picture;
    if (prompt.modality == Modality::image) {
        constexpr std::int64_t most = std::int64_t{1} << 30;  // pixels
        const bool sized =
            picture.width >= 1 && picture.height >= 1 && picture.width <= most / picture.height;
        if (!sized ||
            picture.pixels.size() != static_cast<std::size_t>(3 * picture.width * picture.height)) {
            refuse(name + " has " + std::to_string(picture.pixels.size()) + " bytes for " +
                   std::to_string(picture.width) + " x " + std::to_string(picture.height) +
                   " pixels; each has three.");
        }
    }
    if (prompt.modality == Modality::condition) {
        const std::size_t wanted = count(manifest.space.shape);
        const auto numbers = [](float value) { return std::isfinite(value); };
        if (prompt.condition.size() != wanted) {
            refuse(name + " is a condition of " + std::to_string(prompt.condition.size()) +
                   " numbers; those of space \"" + manifest.space.name + "\" have " +
                   std::to_string(wanted) + ".");
        }
        if (!std::all_of(prompt.condition.begin(), prompt.condition.end(), numbers)) {
            refuse(name + " is a condition with values that are not numbers.");
        }
    }
}

void check_prompts(const Request& request, const Manifest& manifest) {
    if (request.prompts.empty()) {
        refuse("The request has no prompt; give at least one text, picture, sound or condition.");
    }
    std::vector<double> spoken;
    for (std::size_t index = 0; index < request.prompts.size(); ++index) {
        const Prompt& prompt = request.prompts[index];
        check_prompt(prompt, "prompts[" + std::to_string(index) + "]", manifest);
        if (!prompt.blank()) {
            spoken.push_back(prompt.weight);
        }
    }
    const double total = exact::sum(spoken);
    if (!spoken.empty() && total <= 0) {
        refuse("The weights of the prompts sum to " + spelled(total) +
               "; raise some until the sum is above 0, or use a negative prompt.");
    }
}

void check_choices(const Request& request) {
    check_text("negative", request.negative);
    check_text("id", request.id);
    check_whole<std::uint32_t>("variations", request.variations, 1, 1000);
    check_whole<std::uint32_t>("first_variation", request.first_variation, 0, 0x7FFFFFFF);
    if (request.seconds) {
        check_range("seconds", *request.seconds, 0.01, most_seconds);
    }
    if (request.seed) {
        check_whole<std::uint64_t>("seed", *request.seed, 0, 0x7FFFFFFFFFFFFFFF);
    }
    if (request.steps) {
        check_whole<std::int64_t>("steps", *request.steps, 1, 1000);
    }
    if (request.guidance) {
        check_range("guidance", *request.guidance, 0, 30);
    }
    if (request.guidance_interval) {
        const auto [first, last] = *request.guidance_interval;
        check_range("guidance_interval[0]", first, 0, 1);
        check_range("guidance_interval[1]", last, 0, 1);
        if (!(first < last)) {
            refuse("guidance_interval is " + spelled(first) + " to " + spelled(last) +
                   "; its end must be above its start.");
        }
    }
    if (request.eta) {
        check_range("eta", *request.eta, 0, 1);
    }
}

void resolve_init(Init& init, double seconds, const Manifest& manifest) {
    if (!find(manifest.graphs, "encode")) {
        refuse("\"" + manifest.name +
               "\" cannot begin with a sound: it has no encoder. Leave init out.");
    }
    init.strength = init.strength.value_or(default_strength);
    check_range("strength", *init.strength, 0.01, 1);
    check_sound(init.sound, manifest.audio->sample_rate, seconds, "init");
    init.sound.samples.resize(heard(init.sound, seconds));
}

double natural_seconds(const Request& request, double by_default) {
    if (!request.init || request.init->sound.sample_rate == 0) {
        return by_default;
    }
    return static_cast<double>(request.init->sound.samples.size()) /
           request.init->sound.sample_rate;
}

}  // namespace

const char* spelled(Modality modality) {
    switch (modality) {
    case Modality::text:
        return "text";
    case Modality::image:
        return "image";
    case Modality::audio:
        return "audio";
    default:
        return "condition";
    }
}

bool Prompt::blank() const {
    if (modality != Modality::text) {
        return false;
    }
    const std::u32string characters = decoded(text);
    return std::all_of(characters.begin(), characters.end(), is_space);
}

Request resolve(Request request, const Manifest& manifest) {
    const Defaults& defaults = *manifest.defaults;
    check_prompts(request, manifest);
    check_choices(request);
    const double shortest = defaults.limits.min_seconds;
    if (!request.seconds) {
        const double natural = natural_seconds(request, defaults.seconds);
        request.seconds = std::min(std::max(natural, shortest), most_seconds);
    }
    if (!(*request.seconds >= shortest && *request.seconds <= most_seconds)) {
        refuse("seconds is " + spelled(*request.seconds) + "; \"" + manifest.name +
               "\" makes sounds of " + spelled(shortest) + " to " + spelled(most_seconds) +
               " seconds.");
    }
    if (request.init) {
        resolve_init(*request.init, *request.seconds, manifest);
    }
    request.solver = request.solver.value_or(defaults.solver);
    if (!request.eta) {
        request.eta = request.solver == Solver::ddim ? defaults.eta : 0.0;
    } else if (*request.eta != 0 && request.solver != Solver::ddim) {
        refuse("eta is " + spelled(*request.eta) + "; only solver 'ddim' adds noise, '" +
               name_of(*request.solver) + "' needs eta 0.");
    }
    if (!request.seed) {
        request.seed = std::random_device()();
    }
    request.steps = request.steps.value_or(defaults.steps);
    request.guidance = request.guidance.value_or(defaults.guidance);
    request.guidance_interval = request.guidance_interval.value_or(std::pair(0.0, 1.0));
    return request;
}

bool is_text(const std::string& text) {
    const auto byte = [&](std::size_t at) -> unsigned {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    for (std::size_t at = 0; at < text.size();) {
        const unsigned lead = byte(at);
        if (lead == 0) {
            return false;
        }
        if (lead < 0x80) {
            at += 1;
            continue;
        }
        const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        // The first byte that follows tells overlong forms, surrogates and what is past Unicode.
        const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (lead < 0xC2 || lead > 0xF4 || byte(at + 1) < low || byte(at + 1) > high) {
            return false;
        }
        for (std::size_t next = 2; next < length; ++next) {
            if ((byte(at + next) & 0xC0) != 0x80) {
                return false;
            }
        }
        at += length;
    }
    return true;
}

}  // namespace hearsight
