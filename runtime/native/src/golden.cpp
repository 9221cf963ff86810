#include "golden.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "error.h"
#include "files.h"

namespace hearsight {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// Largest relative L2 error where the exporter saw less than a third of it.
double limit(Precision precision) {
    switch (precision) {
    case Precision::fp16:
        return 3e-2;
    case Precision::int8:
        return 0.3;
    default:
        return 1e-3;
    }
}

double decibels(double relative_l2) {
    return relative_l2 == 0 ? infinite : -20 * std::log10(relative_l2);
}

std::string stored(const Bundle& bundle, const TensorFile& listed) {
    const auto path = bundle.path(listed);
    const auto size = static_cast<std::size_t>(listed.bytes);
    std::string raw = read_file(path, size + 1);
    if (raw.size() != size) {
        throw Error(Status::bundle, shown(path) + " has another size than bundle.json gives it.");
    }
    return raw;
}

// Equality of whatever is no float; else the error's level below the output's.
double snr_db(const Ort& ort, const Value& found, const TensorFile& listed,
              const std::string& wanted) {
    if (ort.shape(found) != listed.shape) {
        return -infinite;
    }
    if (listed.dtype != DType::float32) {
        const char* raw = static_cast<const char*>(ort.bytes(found));
        return std::equal(wanted.begin(), wanted.end(), raw) ? infinite : -infinite;
    }
    const float* values = ort.floats(found);
    const auto* golden = reinterpret_cast<const float*>(wanted.data());
    double error = 0, level = 0;
    for (std::size_t index = 0; index < wanted.size() / sizeof(float); ++index) {
        const double difference = static_cast<double>(values[index]) - golden[index];
        error += difference * difference;
        level += static_cast<double>(golden[index]) * golden[index];
    }
    if (!std::isfinite(error)) {
        return -infinite;
    }
    return error == 0 ? infinite : level == 0 ? -infinite : decibels(std::sqrt(error / level));
}

}  // namespace

double least_snr_db(const Graph& graph, Precision precision) {
    double most = limit(precision);
    for (const Parity& told : graph.parity) {
        if (told.precision == precision) {
            most = std::max(most, 3 * told.relative_l2);
        }
    }
    return decibels(most);
}

std::optional<double> golden_snr_db(const Bundle& bundle, const std::string& name,
                                    const Session& session, const Ort& ort,
                                    const std::vector<Profile>& made) {
    const Graph& graph = *find(bundle.manifest.graphs, name);
    if (!graph.check) {
        return std::nullopt;
    }
    std::vector<std::string> held;
    for (const TensorFile& listed : graph.check->inputs) {
        held.push_back(stored(bundle, listed));
    }
    std::vector<Value> values;
    for (std::size_t index = 0; index < held.size(); ++index) {
        const TensorFile& listed = graph.check->inputs[index];
        values.push_back(
            ort.view(held[index].data(), held[index].size(), listed.shape, listed.dtype));
    }
    Inputs inputs;
    for (std::size_t index = 0; index < values.size(); ++index) {
        inputs.emplace_back(graph.inputs[index].name.c_str(), &values[index]);
    }
    const auto shape = [&](const std::string& input) {
        const auto place = std::find_if(inputs.begin(), inputs.end(),
                                        [&](const auto& each) { return each.first == input; });
        return ort.shape(*place->second);
    };
    if (!made.empty() && !fitting(made, shape)) {
        return std::nullopt;
    }
    const auto outputs = session.run(inputs, nullptr, true);
    double least = infinite;
    for (std::size_t index = 0; index < outputs.size(); ++index) {
        const TensorFile& listed = graph.check->outputs[index];
        least = std::min(least, snr_db(ort, outputs[index], listed, stored(bundle, listed)));
    }
    return least;
}

}  // namespace hearsight
