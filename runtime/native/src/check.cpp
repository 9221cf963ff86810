#include "check.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>

#include "axes.h"
#include "breach.h"

namespace hearsight {
namespace {

// What each symbol is in the golden tensors of a graph.
using Sizes = std::map<std::string, std::int64_t>;

bool is_case(const Dim& dim, std::int64_t size, Sizes& sizes) {
    if (const auto* fixed = std::get_if<std::int64_t>(&dim)) {
        return *fixed == size;
    }
    const std::string& symbol = std::get<std::string>(dim);
    const std::int64_t times = times_t(symbol);
    if (times == 0) {
        return sizes.emplace(symbol, size).first->second == size;
    }
    return size % times == 0 && sizes.emplace("T", size / times).first->second == size / times;
}

void check_golden(const std::string& at, const std::vector<TensorSpec>& specs,
                  const std::vector<TensorFile>& tensors, Sizes& sizes) {
    if (specs.size() != tensors.size()) {
        breach(at + " has " + std::to_string(tensors.size()) + " tensors for " +
               std::to_string(specs.size()));
    }
    for (std::size_t i = 0; i < specs.size(); ++i) {
        const TensorSpec& spec = specs[i];
        const TensorFile& tensor = tensors[i];
        bool fitting = spec.dtype == tensor.dtype && spec.shape.size() == tensor.shape.size();
        for (std::size_t axis = 0; fitting && axis < spec.shape.size(); ++axis) {
            fitting = is_case(spec.shape[axis], tensor.shape[axis], sizes);
        }
        if (!fitting) {
            breach(at + ": " + name_of(tensor.dtype) + " " + text_of(tensor.shape) +
                   " does not fit \"" + spec.name + "\", " + name_of(spec.dtype) + " " +
                   text_of(spec.shape));
        }
    }
}

}  // namespace

void check_check(const std::string& at, const Graph& graph, const Check& check) {
    std::vector<TensorSpec> given;
    std::copy_if(graph.inputs.begin(), graph.inputs.end(), std::back_inserter(given),
                 [](const TensorSpec& spec) { return spec.dtype != DType::string; });
    Sizes sizes;
    check_golden(at + ".inputs", given, check.inputs, sizes);
    check_golden(at + ".outputs", graph.outputs, check.outputs, sizes);
    const auto b = sizes.find("B"), g = sizes.find("G"), gb = sizes.find("GB");
    if (b == sizes.end() || g == sizes.end() || gb == sizes.end()) {
        return;
    }
    const bool vast =
        b->second != 0 && g->second > std::numeric_limits<std::int64_t>::max() / b->second;
    if (vast || g->second * b->second != gb->second) {
        breach(at + ": GB is " + std::to_string(gb->second) + ", and G x B is " +
               (vast ? "more" : std::to_string(g->second * b->second)));
    }
}

}  // namespace hearsight
