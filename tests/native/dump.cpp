// hearsight-dump: what the player computes on the way to a sound, as raw files for comparison.
//
// `hearsight-dump JOB.json` writes into the job's folder `out`, in host byte order: `guided.f32`
// and `plain.f32` (the conditions of one window), `guided.weights.f32` and `plain.weights.f32`,
// `table.f64` [rows, 7], `noise.f32` (the initial latent of the first variation), `init.f32` (the
// latent of the sound to begin with) and `take0.f32` and so on; and tells seeds and notes as JSON.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "decoder.h"
#include "error.h"
#include "generator.h"
#include "noise.h"
#include "schedule.h"
#include "seed.h"

namespace {

using namespace hearsight;
using nlohmann::json;

template <typename Number>
std::vector<Number> read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    const auto* first = reinterpret_cast<const Number*>(bytes.data());
    return {first, first + bytes.size() / sizeof(Number)};
}

template <typename Number>
void write(const std::string& path, const std::vector<Number>& values) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(Number)));
}

template <typename Number>
void take_if(const json& from, const char* key, std::optional<Number>& to) {
    if (from.contains(key)) {
        to = from.at(key).get<Number>();
    }
}

Prompt prompt_of(const json& from) {
    Prompt prompt;
    prompt.weight = from.value("weight", 1.0);
    const std::string modality = from.at("modality");
    if (modality == "text") {
        prompt.text = from.at("value");
    } else if (modality == "image") {
        prompt.modality = Modality::image;
        prompt.picture = {from.at("width"), from.at("height"),
                          read<std::uint8_t>(from.at("value"))};
    } else if (modality == "audio") {
        prompt.modality = Modality::audio;
        prompt.sound = {read<float>(from.at("value")), from.at("sample_rate")};
    } else {
        prompt.modality = Modality::condition;
        prompt.condition = read<float>(from.at("value"));
    }
    return prompt;
}

Request request_of(const json& from) {
    Request request;
    for (const json& prompt : from.at("prompts")) {
        request.prompts.push_back(prompt_of(prompt));
    }
    request.negative = from.value("negative", "");
    request.id = from.value("id", "");
    request.variations = from.value("variations", 1U);
    request.first_variation = from.value("first_variation", 0U);
    request.loop = from.value("loop", false);
    request.mix = from.value("mix", "average") == "average" ? Mix::average : Mix::branches;
    take_if(from, "seconds", request.seconds);
    take_if(from, "seed", request.seed);
    take_if(from, "steps", request.steps);
    take_if(from, "guidance", request.guidance);
    take_if(from, "guidance_interval", request.guidance_interval);
    take_if(from, "eta", request.eta);
    for (const Solver solver : {Solver::ddim, Solver::dpmpp_2m, Solver::euler}) {
        if (from.value("solver", "") == name_of(solver)) {
            request.solver = solver;
        }
    }
    if (from.contains("init")) {
        const json& init = from.at("init");
        request.init = Init{{read<float>(init.at("value")), init.at("sample_rate")}, {}};
        take_if(init, "strength", request.init->strength);
    }
    return request;
}

void dump_way(const Generator& generator, const Request& request, const EngineSettings& settings,
              const std::vector<std::shared_ptr<const Bundle>>& conditioners,
              const std::string& out) {
    const Bundle& bundle = generator.bundle();
    const Manifest& manifest = bundle.manifest;
    const auto shared = std::make_shared<const Bundle>(bundle);
    const auto engine = std::make_shared<Engine>(shared, settings);
    std::vector<std::unique_ptr<Conditioner>> known;
    for (const auto& each : conditioners) {
        known.push_back(std::make_unique<Conditioner>(std::make_shared<Engine>(each, settings)));
    }
    known.push_back(std::make_unique<Conditioner>(engine));
    std::optional<Tensor> empty;
    if (manifest.space.empty) {
        empty = bundle.tensor(*manifest.space.empty);
    }
    Cancel cancel;
    const Progress silent = [](const char*, int, int) {};
    const Conditioning told =
        condition(request, manifest.space, known, empty ? &*empty : nullptr, 1, silent, cancel);
    write(out + "/guided.f32", told.guided.cond.at(0).data);
    write(out + "/guided.weights.f32", told.guided.weights.data);
    write(out + "/plain.f32", told.plain.cond.at(0).data);
    write(out + "/plain.weights.f32", told.plain.weights.data);
    const double strength = request.init ? *request.init->strength : 1.0;
    std::vector<double> table;
    for (const Row& row :
         rows(*manifest.schedule, *request.solver, *request.steps, *request.eta, strength)) {
        table.insert(table.end(),
                     {row.t, row.alpha, row.sigma, row.k_x, row.k_d, row.k_prev, row.k_noise});
    }
    write(out + "/table.f64", table);
    const Tiling tiles = tile(manifest, *request.seconds, request.loop);
    const Shape shape = latent_shape(manifest, tiles.frames);
    const std::uint64_t seed = item_seed(*request.seed, request.id, request.first_variation);
    write(out + "/noise.f32", normal(seed, LATENT_STREAM, Shape(shape.begin() + 1, shape.end()),
                                     time_axis(manifest) - 1)
                                  .data);
    if (request.init) {
        write(out + "/init.f32", begin(*request.init, *engine, tiles, cancel).latent.data);
    }
}

int run(const json& job) {
    EngineSettings settings;
    settings.ort = Ort::open(job.at("ort"));
    settings.extensions = job.value("extensions", "");
    settings.threads = job.at("threads");
    const auto opened = [](const std::string& path) {
        return std::make_shared<const Bundle>(open_bundle(path, Verify::none));
    };
    std::vector<std::shared_ptr<const Bundle>> conditioners;
    for (const json& path : job.value("conditioners", json::array())) {
        conditioners.push_back(opened(path));
    }
    const Generator generator(opened(job.at("bundle")), conditioners, settings);
    const Request request = generator.resolved(request_of(job.at("request")));
    const std::string out = job.at("out");
    dump_way(generator, request, settings, conditioners, out);
    json told{
        {"item_seeds", json::array()}, {"notes", json::array()}, {"seconds", *request.seconds}};
    Cancel cancel;
    std::size_t index = 0;
    generator.make(
        request, [](const char*, int, int) {}, cancel,
        [&](Take&& take) {
            write(out + "/take" + std::to_string(index++) + ".f32", take.audio);
            told["item_seeds"].push_back(take.item_seed);
            told["notes"] = take.notes;
        });
    std::puts(told.dump().c_str());
    return 0;
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) {
        std::fputs("usage: hearsight-dump JOB.json\n", stderr);
        return 2;
    }
    try {
        std::ifstream file(words[1]);
        return run(json::parse(file));
    } catch (const hearsight::Error& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return static_cast<int>(problem.status);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 1;
    }
}
