#include "mixing.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "error.h"
#include "exact.h"
#include "spelled.h"

namespace hearsight {
namespace {

using Vector = std::vector<double>;

Vector normalised(const Vector& weights) {
    const double total = exact::sum(weights);
    Vector shares;
    for (const double weight : weights) {
        shares.push_back(weight / total);
    }
    return shares;
}

// The weighted sum, one after the other.
Vector weighted(const Vector& shares, const std::vector<Vector>& stack) {
    Vector total(stack[0].size());
    for (std::size_t i = 0; i < total.size(); ++i) {
        double value = shares[0] * stack[0][i];
        for (std::size_t n = 1; n < stack.size(); ++n) {
            value = value + shares[n] * stack[n][i];
        }
        total[i] = value;
    }
    return total;
}

Tensor narrowed(const Shape& shape, const Vector& values) {
    Tensor result = zeros(shape);
    std::transform(values.begin(), values.end(), result.data.begin(),
                   [](double value) { return static_cast<float>(value); });
    return result;
}

double length_of(const Vector& vector) {
    return std::sqrt(exact::dot(vector, vector));
}

}  // namespace

Tensor average(const std::vector<Tensor>& conditions, const std::vector<double>& weights) {
    if (conditions.size() == 1) {
        return conditions[0];
    }
    const Vector shares = normalised(weights);
    const Shape& shape = conditions[0].shape;
    std::vector<Vector> stack;
    for (const Tensor& condition : conditions) {
        stack.emplace_back(condition.data.begin(), condition.data.end());
    }
    if (shape.size() > 1) {
        return narrowed(shape, weighted(shares, stack));
    }
    Vector lengths;
    for (Vector& vector : stack) {
        const double length = length_of(vector);
        lengths.push_back(length);
        for (double& value : vector) {
            value /= length < 1e-12 ? 1e-12 : length;
        }
    }
    if (std::all_of(lengths.begin(), lengths.end(), [](double length) { return length == 0; })) {
        return conditions[0];
    }
    Vector mean = weighted(shares, stack);
    const double length = length_of(mean);
    if (length < 1e-6) {
        throw Error(Status::usage,
                    "The prompts cancel each other out; change a weight, or use mix branches.");
    }
    Vector counts = shares;
    for (double& count : counts) {
        count = std::abs(count);
    }
    const double size = exact::dot(counts, lengths) / exact::sum(counts);
    for (double& value : mean) {
        value *= size / length;
    }
    return narrowed(shape, mean);
}

Branches branches(const std::vector<Tensor>& conditions, const std::vector<double>& weights,
                  const Tensor* against, double guidance) {
    if (against == nullptr && guidance != 1) {
        throw Error(Status::usage, "guidance is " + spelled(guidance) +
                                       ", but this bundle has no empty condition to guide away "
                                       "from; set guidance to 1 or give a negative prompt.");
    }
    Branches told;
    const auto add = [&told](double weight, const Tensor& condition) {
        if (weight != 0) {
            told.weights.data.push_back(static_cast<float>(weight));
            told.cond.data.insert(told.cond.data.end(), condition.data.begin(),
                                  condition.data.end());
        }
    };
    if (against != nullptr) {
        add(1 - guidance, *against);
    }
    const Vector shares = normalised(weights);
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        add(guidance * shares[i], conditions[i]);
    }
    told.weights.shape = {static_cast<std::int64_t>(told.weights.data.size())};
    told.cond.shape = conditions[0].shape;
    told.cond.shape.insert(told.cond.shape.begin(), told.weights.shape[0]);
    return told;
}

}  // namespace hearsight
