// The way of a card, with stand-ins for its libraries (see CMakeLists.txt here): the provider
// library is registered and tried, what was compiled is used where key and hashes are right, and
// nothing is compiled that must not be.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "files.h"
#include "keys.h"
#include "machine.h"
#include "played.h"
#include "profiles.h"
#include "sha256.h"

using namespace hearsight;
using played::denoised, played::error_of, played::hear, played::says;

namespace fs = std::filesystem;

namespace {

const char* const rtx = "NvTensorRTRTXExecutionProvider";

std::shared_ptr<const Bundle> micro() {
    static const auto kept = played::bundle("/tests/micro/micro");
    return kept;
}

EngineSettings settings(const std::string& device, const fs::path& cache = {}) {
    EngineSettings made = played::settings(device);
    made.wishes.provider = HEARSIGHT_FAKE_PROVIDER;
    made.wishes.precision = Precision::fp32;
    made.wishes.cache_folder = cache.u8string();
    return made;
}

void write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

// A folder of compiled graphs: those of the bundle as they are, under the keys that this machine
// wants, of which `change` makes others.
struct Store {
    fs::path folder = fs::temp_directory_path() / ("hearsight-store-" + system_name());

    explicit Store(const std::function<void(Key&)>& change = [](Key&) {}) {
        fs::remove_all(folder);
        for (const auto& [name, graph] : micro()->manifest.graphs) {
            if (name != "tokenize") {
                add(name, graph, change);
            }
        }
    }
    ~Store() { fs::remove_all(folder); }

    // Where the graph of that name lies.
    std::map<std::string, fs::path> places;

    void add(const std::string& name, const Graph& graph, const std::function<void(Key&)>& change) {
        const Variant& variant = *find(graph.variants, Precision::fp32);
        Key key{graph_hash(variant),
                "fp32",
                text_of(profiles(micro()->manifest, name)),
                "TensorRT-RTX 1.7.1.116",
                {"8.6", "8.9"},
                "",
                "600.00",
                system_name()};
        change(key);
        const fs::path place = places[name] = folder / digest(key);
        fs::create_directories(place);
        fs::copy_file(micro()->path(variant), place / (name + ".onnx"));
        for (const DataFile& weights : variant.weights) {
            fs::copy_file(micro()->path(weights), place / weights.file);
        }
        record(name, key);
    }

    // Writes the record of a folder's files as they are now.
    void record(const std::string& name, const Key& key) {
        std::string files;
        for (const auto& each : fs::directory_iterator(places[name])) {
            if (each.path().filename() != "record.json") {
                files += (files.empty() ? "" : ", ") + std::string("{\"file\": \"") +
                         each.path().filename().u8string() + "\", \"sha256\": \"" +
                         file_sha256(each.path()) +
                         "\", \"bytes\": " + std::to_string(each.file_size()) + "}";
            }
        }
        std::string targets;
        for (const std::string& target : key.targets) {
            targets += (targets.empty() ? "\"" : ", \"") + target + "\"";
        }
        write(places[name] / "record.json",
              "{\"key\": {\"graph\": \"" + key.graph + "\", \"precision\": \"" + key.precision +
                  "\", \"profile\": \"" + key.profile + "\", \"builder\": \"" + key.builder +
                  "\", \"targets\": [" + targets + "], \"card\": \"" + key.card +
                  "\", \"driver\": \"" + key.driver + "\", \"system\": \"" + key.system +
                  "\"}, \"bundle\": \"micro\", \"name\": \"" + name + "\", \"files\": [" + files +
                  "], \"seconds\": 1.5, \"snr_db\": null, \"format\": 1}");
    }
};

}  // namespace

TEST_CASE("a device named is run by its provider library, and what that leaves by the processor") {
    Engine cpu(micro(), settings("cpu"));
    Engine card(micro(), settings("rtx"));
    CHECK(card.provider() == rtx);
    CHECK(says(card.why(), "rtx was asked for. "));
    CHECK(says(card.why(), "is not compiled for it: No cache folder was given."));
    CHECK(played::close(hear(card), hear(cpu)));
    CHECK(played::close(denoised(card, 100), denoised(cpu, 100)));
}

TEST_CASE("one process opens one provider library of a name") {
    const Engine first(micro(), settings("rtx"));
    const fs::path copy = fs::temp_directory_path() / "hearsight-another-provider.so";
    fs::copy_file(HEARSIGHT_FAKE_PROVIDER, copy, fs::copy_options::overwrite_existing);
    EngineSettings other = settings("rtx");
    other.wishes.provider = copy.u8string();
    const Error problem = error_of([&] { Engine(micro(), other); });
    CHECK(problem.status == Status::device);
    CHECK(says(problem.what(), "cannot have "));
    fs::remove(copy);
    other.wishes.provider = "/nothing/libprovider.so";
    CHECK(says(error_of([&] { Engine(micro(), other); }).what(), "is not there"));
}

TEST_CASE("what is not compiled and must not be is an error that names it and the command") {
    EngineSettings never = settings("rtx");
    never.wishes.never_build = true;
    const Error problem = error_of([&] { Engine(micro(), never); });
    CHECK(problem.status == Status::device);
    CHECK(says(problem.what(), "\"denoise\" is not compiled for rtx"));
    CHECK(says(problem.what(), "`runtime-cli engines build micro --device rtx`"));
}

TEST_CASE("who lets the device be chosen waits for nothing to be compiled") {
    Engine waiting(micro(), settings("auto"));
    CHECK(waiting.provider() == "CPUExecutionProvider");
    CHECK(says(waiting.why(), "not compiled for rtx"));
    const Store store;
    Engine ready(micro(), settings("auto", store.folder));
    CHECK(ready.provider() == rtx);
    CHECK(ready.why() == "rtx works on this machine.");
}

TEST_CASE("what was compiled for this machine is used, and only for its sizes") {
    const Store store;
    EngineSettings never = settings("rtx", store.folder);
    never.wishes.never_build = true;
    std::string told;
    never.remarks = std::make_shared<const Remarks>([&](int, const char* text) { told += text; });
    Engine card(micro(), never);
    Engine cpu(micro(), settings("cpu"));
    CHECK(card.why() == "rtx was asked for.");
    CHECK(played::close(denoised(card, 100), denoised(cpu, 100)));
    CHECK(says(told, (store.places.at("denoise") / "denoise.onnx").u8string()));
    CHECK(played::close(hear(card), hear(cpu)));
    const Error problem = error_of([&] { denoised(card, 100000); });
    CHECK(problem.status == Status::device);
    CHECK(says(problem.what(), "outside those it was compiled for"));
}

TEST_CASE("what was compiled for another machine, or is damaged, is told from what fits") {
    const auto refused = [](const Store& store) {
        EngineSettings never = settings("rtx", store.folder);
        never.wishes.never_build = true;
        return std::string(error_of([&] { Engine(micro(), never); }).what());
    };
    CHECK(says(refused(Store([](Key& key) { key.driver = "599.00"; })),
               "It was built with driver 599.00, and this machine has 600.00."));
    CHECK(says(refused(Store([](Key& key) { key.targets = {"12.0"}; })),
               "It was built for compute capability 12.0, and this machine has 8.9."));
    CHECK(says(refused(Store([](Key& key) { key.card = "Another"; })), "It was built for Another"));
    CHECK(says(refused(Store([](Key& key) { key.graph = std::string(64, '0'); })),
               "The graph's file has changed since."));
    {
        const Store store;
        write(store.places.at("denoise") / "denoise.fp32.weights", "short");
        CHECK(says(refused(store), "denoise.fp32.weights is damaged."));
    }
    {
        const Store store;
        const fs::path weights = store.places.at("denoise") / "denoise.fp32.weights";
        std::string bytes = read_file(weights);
        bytes[0] = static_cast<char>(bytes[0] ^ 1);
        write(weights, bytes);
        CHECK(says(refused(store), "denoise.fp32.weights is damaged."));
    }
    {
        const Store store([](Key& key) {  // just the one that is looked for
            key.targets = {"8.9"};
            key.card = "Card of the tests";
        });
        fs::remove(store.places.at("denoise") / "record.json");
        CHECK(says(refused(store), "Its record is damaged"));
    }
    {
        const Store store;
        fs::rename(store.places.at("denoise"), store.folder / std::string(32, '0'));
        CHECK(says(refused(store), "It was never built."));
    }
}

TEST_CASE("a compiled graph from elsewhere must compute what its bundle's golden outputs say") {
    const Store store;
    const fs::path place = store.places.at("frames");
    const fs::path weights = place / "frames.fp32.weights";
    std::string record = read_file(place / "record.json");
    const std::string old = file_sha256(weights);
    std::string bytes = read_file(weights);
    for (std::size_t index = 3; index < bytes.size(); index += 4) {
        bytes[index] = static_cast<char>(bytes[index] ^ 0x80);  // the sign of every weight
    }
    write(weights, bytes);
    record.replace(record.find(old), old.size(), file_sha256(weights));
    write(place / "record.json", record);

    EngineSettings never = settings("rtx", store.folder);
    never.wishes.never_build = true;
    std::string told;
    never.remarks = std::make_shared<const Remarks>([&](int, const char* text) { told += text; });
    Engine card(micro(), never);
    Engine cpu(micro(), settings("cpu"));
    const auto seen = [](Engine& engine) {
        const Tensor embeddings{{1, 1, 8}, {1, 2, 3, 4, 5, 6, 7, 8}};
        const Value value = engine.ort().view(embeddings);
        Cancel cancel;
        const auto outputs = engine.run("frames", {{"frames", &value}}, cancel);
        return engine.ort().tensor(outputs.begin()->second).data;
    };
    CHECK(seen(card) == seen(cpu));
    CHECK(says(told, "computes something else than its bundle's golden outputs"));
    CHECK(says(card.why(), "frames is not compiled for it: "));
}
