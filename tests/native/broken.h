// Makes the broken bundles of tests/bad_bundles, as its README says.

#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "files.h"
#include "json.h"
#include "sha256.h"

namespace broken {

namespace fs = std::filesystem;
using hearsight::Json;

inline const fs::path tests = fs::path(HEARSIGHT_ROOT) / "tests";

inline void write(const fs::path& path, const std::string& content) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << content;
    REQUIRE(file.good());
}

// A folder of this test alone, which goes with it.
struct Folder {
    fs::path path = fs::temp_directory_path() /
                    ("hearsight-broken-" + std::to_string(std::random_device()()));

    Folder() { fs::create_directories(path); }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
};

inline std::string unhexed(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

inline void break_file(const fs::path& path, const Json& how) {
    std::string raw = fs::is_regular_file(path) ? hearsight::read_file(path) : std::string();
    if (how.contains("drop") || how.contains("folder") || how.contains("link")) {
        fs::remove_all(path);
    }
    if (how.contains("folder")) {
        fs::create_directory(path);
    } else if (how.contains("link")) {
        fs::create_symlink(how["link"].get<std::string>(), path);
    } else if (how.contains("cut")) {
        write(path, raw.substr(0, how["cut"].get<std::size_t>()));
    } else if (how.contains("flip")) {
        raw.at(how["flip"].get<std::size_t>()) ^= 1;
        write(path, raw);
    } else if (how.contains("swap")) {
        const std::string before = how["swap"][0], after = how["swap"][1];
        REQUIRE(raw.find(before) != std::string::npos);
        for (std::size_t at = 0; (at = raw.find(before, at)) != std::string::npos;) {
            raw.replace(at, before.size(), after);
            at += after.size();
        }
        write(path, raw);
    } else if (how.contains("hex")) {
        write(path, unhexed(how["hex"]));
    }
}

// The bytes of a manifest given as pieces, each of whose characters up to U+00FF is a byte.
inline std::string pieced(const Json& pieces) {
    std::string bytes;
    for (const Json& piece : pieces) {
        std::string once;
        const std::string text = piece[0];
        for (std::size_t i = 0; i < text.size(); ++i) {
            const auto lead = static_cast<unsigned char>(text[i]);
            if (lead < 0x80) {
                once += text[i];
            } else {
                const auto rest = static_cast<unsigned char>(text.at(++i));
                once += static_cast<char>((lead & 3) << 6 | (rest & 0x3F));
            }
        }
        for (std::size_t i = 0, times = piece[1]; i < times; ++i) {
            bytes += once;
        }
    }
    return bytes;
}

inline void change(Json& manifest, const Json& edit) {
    Json* place = &manifest;
    const Json& way = edit["at"];
    for (std::size_t i = 0; i + 1 < way.size(); ++i) {
        place = way[i].is_string() ? &place->at(way[i].get<std::string>())
                                   : &place->at(way[i].get<std::size_t>());
    }
    const Json& last = way.back();
    if (edit.contains("drop")) {
        last.is_string() ? static_cast<void>(place->erase(last.get<std::string>()))
                         : place->erase(last.get<std::size_t>());
    } else if (last.is_string()) {
        (*place)[last.get<std::string>()] = edit["to"];
    } else {
        place->at(last.get<std::size_t>()) = edit["to"];
    }
}

// Gives the manifest's entries for `files` the hash and size that they have now.
inline void retell(const fs::path& root, const Json& files, Json& place) {
    if (place.is_object() && place.contains("file") && place["file"].is_string() &&
        files.contains(place["file"].get<std::string>())) {
        const std::string raw = hearsight::read_file(root / place["file"].get<std::string>());
        place["sha256"] = hearsight::sha256(raw);
        place["bytes"] = raw.size();
    }
    if (place.is_structured()) {
        for (Json& inside : place) {
            retell(root, files, inside);
        }
    }
}

// Copies the bundle of a case into `folder` and breaks it; returns where it lies.
inline fs::path make(const Json& bad, const fs::path& folder) {
    const fs::path root = folder / "bad", manifest = root / "bundle.json";
    fs::copy(tests / "micro" / bad["bundle"].get<std::string>(), root, fs::copy_options::recursive);
    fs::copy_file(fs::exists(root / "words.txt") ? root / "words.txt" : manifest,
                  folder / "outside");
    const Json files = bad.value("files", Json::object());
    for (const auto& item : files.items()) {
        break_file(root / item.key(), item.value());
    }
    if (bad.contains("manifest")) {
        write(manifest, pieced(bad["manifest"]));
    }
    if (bad.contains("change") || bad.contains("retell")) {
        Json data = Json::parse(hearsight::read_file(manifest));
        for (const Json& edit : bad.value("change", Json::array())) {
            change(data, edit);
        }
        if (bad.contains("retell")) {
            retell(root, files, data);
        }
        write(manifest, data.dump());
    }
    return root;
}

}  // namespace broken
