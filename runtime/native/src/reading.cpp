#include "reading.h"

#include <cstring>
#include <string>

#include "error.h"
#include "structs.h"

namespace hearsight {
namespace {

constexpr std::uint32_t most_prompts = 1000;
constexpr std::uint32_t most_side = 1U << 15;    // pixels
constexpr std::uint64_t most_values = 1U << 28;  // 1 GiB of float

[[noreturn]] void refuse(const std::string& text) {
    throw Error(Status::usage, text);
}

std::vector<float> numbers(const float* values, std::uint64_t count, const std::string& name) {
    if (!values || count == 0 || count > most_values) {
        refuse(name + " must point to 1 to " + std::to_string(most_values) + " numbers.");
    }
    return {values, values + count};
}

Picture picture(const hs_prompt& given, const std::string& name) {
    if (!given.pixels || given.width == 0 || given.height == 0 || given.width > most_side ||
        given.height > most_side) {
        refuse(name + " must have pixels, and a width and height of 1 to " +
               std::to_string(most_side) + ".");
    }
    const std::uint64_t bytes = std::uint64_t{3} * given.width * given.height;
    return {given.width, given.height, {given.pixels, given.pixels + bytes}};
}

Prompt prompt(const hs_prompt& given, const std::string& name, std::uint32_t audio_rate) {
    Prompt made;
    made.weight = given.weight == 0 ? 1.0 : given.weight;
    switch (given.kind) {
    case HS_TEXT:
        if (!given.text) {
            refuse(name + ".text is NULL.");
        }
        made.modality = Modality::text;
        made.text = given.text;
        break;
    case HS_IMAGE:
        made.modality = Modality::image;
        made.picture = picture(given, name);
        break;
    case HS_AUDIO:
        made.modality = Modality::audio;
        made.sound.samples = numbers(given.values, given.value_count, name + ".values");
        made.sound.sample_rate = given.sample_rate == 0 ? audio_rate : given.sample_rate;
        break;
    case HS_CONDITION:
        made.modality = Modality::condition;
        made.condition = numbers(given.values, given.value_count, name + ".values");
        break;
    default:
        refuse(name + ".kind is " + std::to_string(given.kind) +
               "; it must be HS_TEXT, HS_IMAGE, HS_AUDIO or HS_CONDITION.");
    }
    return made;
}

std::vector<Prompt> prompts(const hs_request& given, std::uint32_t audio_rate) {
    if (!given.prompts || given.prompt_count == 0 || given.prompt_count > most_prompts) {
        refuse("request.prompts must point to 1 to " + std::to_string(most_prompts) + " prompts.");
    }
    std::vector<Prompt> made;
    const auto* place = reinterpret_cast<const unsigned char*>(given.prompts);
    const std::uint32_t stride = checked_size(given.prompts, "prompts[0]");
    for (std::uint32_t index = 0; index < given.prompt_count; ++index, place += stride) {
        const std::string name = "prompts[" + std::to_string(index) + "]";
        const auto* next = reinterpret_cast<const hs_prompt*>(place);
        if (next->struct_size != stride) {
            refuse(name + ".struct_size is not that of prompts[0].");
        }
        made.push_back(prompt(copy_in(next, name.c_str()), name, audio_rate));
    }
    return made;
}

std::optional<Solver> solver(std::int32_t given) {
    switch (given) {
    case HS_SOLVER_DEFAULT:
        return std::nullopt;
    case HS_SOLVER_DDIM:
        return Solver::ddim;
    case HS_SOLVER_DPMPP_2M:
        return Solver::dpmpp_2m;
    case HS_SOLVER_EULER:
        return Solver::euler;
    default:
        refuse("request.solver is " + std::to_string(given) + "; it must be one of HS_SOLVER_*.");
    }
}

// Zero is a wish for the default unless the flag says that it is meant.
template <typename Number>
std::optional<Number> chosen(Number value, bool zero_is_meant) {
    return value != 0 || zero_is_meant ? std::optional<Number>(value) : std::nullopt;
}

}  // namespace

Request read_request(const hs_request* asked, std::uint32_t audio_rate, std::uint32_t sample_rate) {
    const hs_request given = copy_in(asked, "request");
    if (given.flags & ~std::uint32_t{HS_LOOP | HS_SEED_0 | HS_GUIDANCE_0 | HS_ETA_0}) {
        refuse("request.flags has a bit that this version of the library does not know.");
    }
    if (given.mix != HS_MIX_AVERAGE && given.mix != HS_MIX_BRANCHES) {
        refuse("request.mix is " + std::to_string(given.mix) + "; it must be one of HS_MIX_*.");
    }
    Request made;
    made.prompts = prompts(given, audio_rate);
    made.negative = given.negative ? given.negative : "";
    made.id = given.id ? given.id : "";
    made.seconds = chosen(given.seconds, false);
    made.variations = given.variations == 0 ? 1 : given.variations;
    made.first_variation = given.first_variation;
    made.seed = chosen(given.seed, (given.flags & HS_SEED_0) != 0);
    if (given.steps != 0) {
        made.steps = given.steps;
    }
    made.solver = solver(given.solver);
    made.guidance = chosen(given.guidance, (given.flags & HS_GUIDANCE_0) != 0);
    made.eta = chosen(given.eta, (given.flags & HS_ETA_0) != 0);
    if (given.guidance_from != 0 || given.guidance_to != 0) {
        made.guidance_interval = {given.guidance_from, given.guidance_to};
    }
    made.mix = given.mix == HS_MIX_BRANCHES ? Mix::branches : Mix::average;
    made.loop = (given.flags & HS_LOOP) != 0;
    if (given.init || given.init_count != 0) {
        auto samples = numbers(given.init, given.init_count, "request.init");
        made.init = Init{{std::move(samples), sample_rate}, chosen(given.strength, false)};
    } else if (given.strength != 0) {
        refuse("request.strength is given and request.init is not.");
    }
    return made;
}

}  // namespace hearsight
