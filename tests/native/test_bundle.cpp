#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "broken.h"
#include "bundle.h"
#include "error.h"
#include "external.h"

using namespace hearsight;
namespace fs = std::filesystem;

namespace {

void open_wholly(const std::string& path) {
    const Bundle bundle = open_bundle(path, Verify::all);
    for (const auto& entry : bundle.manifest.graphs) {
        for (const auto& variant : entry.second.variants) {
            check_external(bundle.path(variant.second), variant.second);
        }
    }
}

// What is said about a bundle; empty if it is taken.
template <typename Work>
std::string refusal(Work work) {
    try {
        work();
    } catch (const Error& error) {
        CHECK(error.status == Status::bundle);
        return error.what();
    }
    return {};
}

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

fs::path copy_of_micro(const broken::Folder& folder) {
    fs::copy(broken::tests / "micro" / "micro", folder.path / "copy", fs::copy_options::recursive);
    return folder.path / "copy";
}

}  // namespace

TEST_CASE("the bundles of the tests and the starter are sound") {
    for (const char* name :
         {"tests/micro/micro", "tests/micro/micro-flow", "tests/micro/micro-eye",
          "tests/micro/micro-parts", "tests/micro/micro-senses", "tests/micro/micro-classes",
          "tests/micro/micro/bundle.json", "engines/starter"}) {
        CAPTURE(name);
        CHECK(refusal([&] { open_wholly(std::string(HEARSIGHT_ROOT) + "/" + name); }) == "");
    }
}

TEST_CASE("every bad bundle is refused, in the words of the Python player") {
    const Json cases = Json::parse(read_file(broken::tests / "bad_bundles" / "cases.json"));
    REQUIRE(cases.size() > 250);
    for (const Json& bad : cases) {
        const broken::Folder folder;
        const fs::path root = broken::make(bad, folder.path);
        const std::string said = refusal([&] { open_wholly(root.u8string()); });
        CAPTURE(bad.dump());
        CAPTURE(said);
        CHECK(holds(said, bad["says"]));
        CHECK(holds(said, root.u8string()));
    }
}

TEST_CASE("a bundle is named by the hash of its manifest, and its tensors read as stored") {
    const fs::path root = broken::tests / "micro" / "micro";
    const Bundle bundle = open_bundle(root.u8string(), Verify::none);
    CHECK(bundle.sha256 == file_sha256(root / "bundle.json"));
    const Tensor empty = bundle.tensor(*bundle.manifest.space.empty);
    CHECK(empty.shape == Shape{16});
    double length = 0;
    for (const float value : empty.data) {
        length += double{value} * double{value};
    }
    CHECK(length == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("a tensor that changed since opening is refused") {
    const broken::Folder folder;
    const fs::path root = copy_of_micro(folder);
    const Bundle bundle = open_bundle(root.u8string(), Verify::none);
    broken::write(root / "empty.bin", "short");
    CHECK(holds(refusal([&] { bundle.tensor(*bundle.manifest.space.empty); }),
                "empty.bin has 5 bytes and not 64"));
}

TEST_CASE("hashes are looked at only when asked for") {
    const broken::Folder folder;
    const fs::path root = copy_of_micro(folder);
    std::string raw = read_file(root / "decode.fp32.weights");
    raw[100] ^= 1;
    broken::write(root / "decode.fp32.weights", raw);
    const Bundle bundle = open_bundle(root.u8string(), Verify::none);
    CHECK(holds(refusal([&] { verify(bundle); }), "decode.fp32.weights has not the hash"));
}

TEST_CASE("what is no bundle is said to be none") {
    const broken::Folder folder;
    const auto say = [](const fs::path& path) {
        return refusal([&] { open_bundle(path.u8string(), Verify::none); });
    };
    CHECK(holds(say(folder.path), "holds no bundle.json"));
    CHECK(holds(say(folder.path / "nowhere"), "does not exist"));
    CHECK(holds(say(""), "does not exist"));
    CHECK(holds(say(std::string(5000, 'x')), "does not exist"));
    broken::write(folder.path / "some.zip", "PK");
    CHECK(holds(say(folder.path / "some.zip"), "is a file and a bundle is a folder"));
}

TEST_CASE("a folder inside the bundle that is a link within it is followed") {
    const broken::Folder folder;
    const fs::path root = copy_of_micro(folder);
    fs::rename(root / "check", root / "really");
    fs::create_directory_symlink("really", root / "check");
    CHECK(refusal([&] { open_wholly(root.u8string()); }) == "");
    // A folder beside it whose name begins as the bundle's does is not inside.
    fs::rename(root / "really", folder.path / "copy-too");
    fs::remove(root / "check");
    fs::create_directory_symlink("../copy-too", root / "check");
    CHECK(holds(refusal([&] { open_wholly(root.u8string()); }), "leads out"));
}

TEST_CASE("an ONNX file tells which weights it names, also in a folder") {
    const Bundle micro = open_bundle((broken::tests / "micro" / "micro").u8string(), Verify::none);
    Variant variant = find(micro.manifest.graphs, "decode")->variants[0].second;
    const std::string model = read_file(micro.path(variant));
    CHECK(external_files(model) == std::set<std::string>{"decode.fp32.weights"});
    CHECK(external_files("").empty());
    variant.file = "graphs/decode.fp32.onnx";
    const fs::path file = micro.root / "decode.fp32.onnx";
    CHECK(holds(refusal([&] { check_external(file, variant); }), "not among its weights"));
    variant.weights[0].file = "graphs/decode.fp32.weights";
    CHECK(refusal([&] { check_external(file, variant); }) == "");
}

TEST_CASE("field numbers that another reader would read otherwise are refused") {
    // A graph's field number with a bit above the 32 that protobuf keeps.
    CHECK_THROWS_AS(external_files(std::string("\xba\x80\x80\x80\x20\x02\x2a\x00", 8)),
                    std::invalid_argument);
    CHECK_THROWS_AS(external_files(std::string("\x00\x00", 2)), std::invalid_argument);
}
