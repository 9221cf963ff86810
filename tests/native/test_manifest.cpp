#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "axes.h"
#include "contract.h"
#include "error.h"
#include "files.h"
#include "manifest.h"
#include "nearest.h"
#include "roles.h"

using namespace hearsight;

namespace {

std::string micro(const char* name) {
    return read_file(std::filesystem::path(HEARSIGHT_ROOT) / "tests" / "micro" / name /
                     "bundle.json");
}

std::string refusal(const std::string& raw) {
    try {
        parse_manifest(raw, "here");
    } catch (const Error& error) {
        CHECK(error.status == Status::bundle);
        return error.what();
    }
    return {};
}

std::string replaced(std::string text, const std::string& before, const std::string& after) {
    const std::size_t at = text.find(before);
    REQUIRE(at != std::string::npos);
    return text.replace(at, before.size(), after);
}

}  // namespace

TEST_CASE("the manifest of a generator that understands prompts reads as it is written") {
    const Manifest manifest = parse_manifest(micro("micro"), "here");
    CHECK(manifest.name == "micro");
    CHECK(manifest.kind == Kind::both);
    CHECK(manifest.space.shape == std::vector<std::int64_t>{16});
    REQUIRE(manifest.space.empty);
    CHECK(manifest.space.empty->bytes == 64);
    REQUIRE(manifest.audio);
    CHECK(manifest.audio->sample_rate == 8000);
    CHECK(manifest.audio->channels == 1);
    REQUIRE(manifest.latent);
    CHECK(text_of(manifest.latent->shape) == "[4, 'T', 4]");
    REQUIRE(manifest.schedule);
    CHECK(manifest.schedule->train_steps == 1000);
    CHECK(manifest.schedule->prediction == Prediction::epsilon);
    REQUIRE(manifest.defaults);
    CHECK(manifest.defaults->solver == Solver::ddim);
    REQUIRE(manifest.conditioners.text);
    CHECK(manifest.conditioners.text->graphs == std::vector<std::string>{"tokenize", "text"});
    CHECK(manifest.conditioners.text->vocabulary->file == "words.txt");
    const Graph* denoise = find(manifest.graphs, "denoise");
    REQUIRE(denoise != nullptr);
    CHECK(denoise->hot);
    REQUIRE(find(denoise->variants, Precision::fp16) != nullptr);
    CHECK(find(denoise->variants, Precision::fp16)->weights[0].file == "denoise.fp16.weights");
    CHECK(manifest.license[0].second.commercial_use == true);
    CHECK(files(manifest)[0].at == "graphs.tokenize.variants.fp32");
}

TEST_CASE("what is left out has the format's default") {
    const Manifest eye = parse_manifest(micro("micro-eye"), "here");
    CHECK(eye.kind == Kind::conditioner);
    CHECK_FALSE(eye.audio);
    CHECK_FALSE(eye.space.empty);
    CHECK_FALSE(eye.conditioners.text);
    CHECK(eye.chain.empty());
    CHECK_FALSE(eye.graphs[0].second.hot);
    const Manifest flow = parse_manifest(micro("micro-flow"), "here");
    CHECK(flow.schedule->betas.kind == BetaKind::flow);
    CHECK(flow.latent->multiple == 1);
    CHECK(flow.defaults->solver == Solver::euler);
}

TEST_CASE("a graph with another name has the role it gives") {
    const std::string raw =
        replaced(replaced(micro("micro-eye"), "\"graphs\": [\"image\"]", "\"graphs\": [\"eye-2\"]"),
                 "\"image\": {", "\"eye-2\": {\"role\": \"image\",");
    const Manifest manifest = parse_manifest(raw, "here");
    CHECK(role_of(manifest.graphs[0].first, manifest.graphs[0].second) == Role::image);
}

TEST_CASE("whole numbers are whole, and no larger than can be counted") {
    const std::string raw = micro("micro");
    const auto with_rate = [&raw](const std::string& rate) {
        return refusal(replaced(raw, "\"sample_rate\": 8000", "\"sample_rate\": " + rate));
    };
    CHECK(with_rate("8000").empty());
    CHECK(with_rate("8000.0") ==
          "here: conditioners.audio.sample_rate is 8000.0; it should be a valid integer.");
    CHECK(
        with_rate("9223372036854775807") ==
        "here: conditioners.audio needs a sample_rate and seconds above 0, at most 1000000 Hz and "
        "3600 seconds.");
    CHECK(with_rate("9223372036854775808") == "here: conditioners.audio.sample_rate is "
                                              "9223372036854775808; it should be a valid integer.");
    CHECK(with_rate("true") ==
          "here: conditioners.audio.sample_rate is true; it should be a valid integer.");
    CHECK(refusal(replaced(raw, "\"format\": 1", "\"format\": true")) ==
          "here: format is true; it should be 1.");
}

TEST_CASE("long values are cut between characters in what is said of them") {
    std::string name;
    for (int i = 0; i < 100; ++i) {
        name += "\xc3\xa9";
    }
    const std::string said = refusal(replaced(
        micro("micro"), "\"title\": ", "\"hot\": 1, \"title\": [\"" + name + "\"], \"x\": "));
    CHECK(said == "here has the unknown key \"hot\".");
    const std::string other = refusal("\"" + name + "\"");
    CHECK(other ==
          "here: the top level is \"" + name.substr(0, 112) + "...; it should be an object.");
}

TEST_CASE("what a terminal would obey is said in escapes") {
    const std::string raw =
        replaced(micro("micro"), "\"name\": \"micro\"", "\"name\": \"a\\u001b[2J\\u0000b\\u007f\"");
    const std::string said = refusal(raw);
    CHECK(said.find("name is \"a\\u001b[2J\\u0000b\\u007f\"; it must") != std::string::npos);
}

TEST_CASE("the nearest known word is suggested, and none that is far") {
    const std::vector<std::string_view> known = {"license", "latent", "schedule"};
    CHECK(nearest("lisence", known) == " (did you mean \"license\"?)");
    CHECK(nearest("schedul", known) == " (did you mean \"schedule\"?)");
    CHECK(nearest("zebra", known).empty());
    CHECK(nearest("", known).empty());
    CHECK(nearest(std::string(100'000, 'l'), known).empty());
}

TEST_CASE("names of bundles are never paths") {
    for (const char* name : {"a", "micro-eye", "a.b_c-d", "0"}) {
        CHECK(is_name(name));
    }
    for (const char* name : {"", ".", "..", "a/b", "A", "a..b", "-a", "a-", "a b", "\xc3\xa9"}) {
        CHECK_FALSE(is_name(name));
    }
    CHECK(is_name(std::string(64, 'a')));
    CHECK_FALSE(is_name(std::string(65, 'a')));
}

TEST_CASE("a manifest of many keys or values is refused as fast as a small one") {
    std::string keys = "{\"format\": 1";
    for (int i = 0; i < 200'000; ++i) {
        keys += ",\"k" + std::to_string(i) + "\": 0";
    }
    CHECK(refusal(keys + "}") == "here has the unknown key \"k0\".");
    std::string values = "{\"format\": 1, \"name\": [0";
    for (int i = 0; i < 1'000'000; ++i) {
        values += ",0";
    }
    CHECK(refusal(values + "]}").find("name is [0, 0, 0") != std::string::npos);
}
