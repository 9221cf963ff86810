// Files, tensors and graphs of a bundle, as its manifest names them; manifest.h holds the rest.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "names.h"

namespace hearsight {

enum class Role {
    tokenize,
    text,
    image,
    moment,
    frames,
    audio,
    signal,
    detect,
    join,
    classify,
    denoise,
    encode,
    decode,
    vocoder
};
enum class Precision { fp32, fp16, int8 };
enum class DType { float32, float16, int64, int32, uint8, boolean, string };

// What the manifest calls the values of the above.
template <>
Names names<Role>();
template <>
Names names<Precision>();
template <>
Names names<DType>();

// An object of the manifest with names of its own choice, in the manifest's order.
template <typename Key, typename Value>
using Entries = std::vector<std::pair<Key, Value>>;

template <typename Key, typename Value, typename Sought>
const Value* find(const Entries<Key, Value>& entries, const Sought& key) {
    for (const auto& entry : entries) {
        if (entry.first == key) {
            return &entry.second;
        }
    }
    return nullptr;
}

// A number for a fixed axis, a name for a free one: `B`, `G`, `GB`, `T`, `80T`, `N`, `S`, `L`,
// `H`, `W`, `R`, `C`.
using Dim = std::variant<std::int64_t, std::string>;
using Dims = std::vector<Dim>;

// A file of the bundle: path relative to its folder with `/`, sha256 in hex, size in bytes.
struct DataFile {
    std::string file;
    std::string sha256;
    std::int64_t bytes = 0;
};

// A tensor stored as raw little-endian values in C order, without a header.
struct TensorFile : DataFile {
    DType dtype = DType::float32;
    std::vector<std::int64_t> shape;
};

// One input or output of a graph.
struct TensorSpec {
    std::string name;
    DType dtype = DType::float32;
    Dims shape;
};

// One precision of a graph: the ONNX file and the external weight files it maps.
struct Variant : DataFile {
    std::vector<DataFile> weights;

    // Bytes of all its files.
    std::uint64_t size() const {
        auto total = static_cast<std::uint64_t>(bytes);
        for (const DataFile& each : weights) {
            total += static_cast<std::uint64_t>(each.bytes);
        }
        return total;
    }
};

// Golden inputs and outputs of a graph, in the graph's own order.
struct Check {
    std::vector<TensorFile> inputs;
    std::vector<TensorFile> outputs;
    std::string text;
};

// How far a variant was from the original when it was exported.
struct Parity {
    Precision precision = Precision::fp32;
    double max_abs = 0;
    double relative_l2 = 0;
    double snr_db = 0;
    std::vector<std::string> shapes;
};

// A computation of the bundle. `hot` graphs run many times a sound, the others once. `reach` is a
// vocoder's: how many frames to either side a frame's samples depend on, if that is known.
struct Graph {
    Entries<Precision, Variant> variants;
    std::vector<TensorSpec> inputs;
    std::vector<TensorSpec> outputs;
    bool hot = false;
    std::optional<Check> check;
    std::vector<Parity> parity;
    std::optional<Role> role;
    Entries<Precision, std::string> refused;
    std::optional<std::int64_t> reach;
};

}  // namespace hearsight
