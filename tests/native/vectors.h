// What the Python player computes: tests/native/vectors.json, written by make_vectors.py.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "error.h"
#include "noise.h"
#include "sha256.h"
#include "tensor.h"

namespace vectors {

using Json = nlohmann::json;

inline const Json& part(const char* name) {
    static const Json all = Json::parse(std::ifstream(HEARSIGHT_ROOT "/tests/native/vectors.json"));
    return all.at(name);
}

inline double from_hex(const Json& value) {
    return std::strtod(value.get<std::string>().c_str(), nullptr);
}

inline std::vector<double> from_hexes(const Json& values) {
    std::vector<double> numbers;
    for (const Json& value : values) {
        numbers.push_back(from_hex(value));
    }
    return numbers;
}

inline bool same_bits(double a, double b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

// Values that both players can make.
inline hearsight::Tensor drawn(std::uint64_t seed, const hearsight::Shape& shape,
                               double scale = 1.0) {
    hearsight::Tensor tensor = hearsight::normal(seed, 0, shape);
    for (float& value : tensor.data) {
        value *= static_cast<float>(scale);
    }
    return tensor;
}

// Checks numbers, whole or not, against what Python told of its own: equal bit for bit.
template <typename Value>
void check(const std::vector<Value>& values, const Json& told) {
    const Json& first = told.at("first");
    REQUIRE(values.size() >= first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
        CAPTURE(i);
        if constexpr (std::is_integral_v<Value>) {
            CHECK(values[i] == first[i].get<Value>());
        } else {
            CAPTURE(first[i].get<std::string>());
            CHECK(same_bits(static_cast<double>(values[i]), from_hex(first[i])));
        }
    }
    hearsight::Sha256 hash;
    hash.update(values.data(), values.size() * sizeof(Value));
    CHECK(hash.hex() == told.at("sha256").get<std::string>());
}

inline void check(const hearsight::Tensor& tensor, const Json& told) {
    CHECK(tensor.shape == told.at("shape").get<hearsight::Shape>());
    check(tensor.data, told);
}

// The message of the error that `act` throws, which must be of the status.
template <typename Act>
std::string refusal(hearsight::Status status, Act act) {
    try {
        act();
    } catch (const hearsight::Error& error) {
        CHECK(error.status == status);
        return error.what();
    }
    return "nothing was thrown";
}

}  // namespace vectors
