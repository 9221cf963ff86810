#include "axes.h"

#include <algorithm>
#include <limits>

#include "ascii.h"

namespace hearsight {

std::int64_t times_t(const std::string& symbol) {
    if (symbol.size() < 2 || symbol.size() > 10 || symbol.back() != 'T' || symbol[0] == '0') {
        return 0;
    }
    std::int64_t times = 0;
    for (const char digit : symbol.substr(0, symbol.size() - 1)) {
        if (!is_digit(digit)) {
            return 0;
        }
        times = times * 10 + (digit - '0');
    }
    return times;
}

bool is_known_axis(const Dim& dim) {
    if (const auto* size = std::get_if<std::int64_t>(&dim)) {
        return *size >= 1;
    }
    const std::string& symbol = std::get<std::string>(dim);
    const auto symbols = {"B", "G", "GB", "T", "N", "S", "H", "W", "L", "R", "C"};
    return std::find(symbols.begin(), symbols.end(), symbol) != symbols.end() ||
           times_t(symbol) != 0;
}

bool is_number(const Dim& dim) {
    return std::holds_alternative<std::int64_t>(dim);
}

std::int64_t least(const Dim& dim) {
    const auto* size = std::get_if<std::int64_t>(&dim);
    return size ? *size : std::max<std::int64_t>(1, times_t(std::get<std::string>(dim)));
}

std::int64_t held(const Dims& shape) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    std::int64_t numbers = 1;
    for (const Dim& dim : shape) {
        numbers = least(dim) > most / numbers ? most : numbers * least(dim);
    }
    return numbers;
}

Dims tail(const TensorSpec& spec, std::size_t axes) {
    const auto skipped = static_cast<std::ptrdiff_t>(std::min(axes, spec.shape.size()));
    return Dims(spec.shape.begin() + skipped, spec.shape.end());
}

std::string text_of(const std::vector<std::int64_t>& shape) {
    return text_of(Dims(shape.begin(), shape.end()));
}

std::string text_of(const Dims& shape) {
    std::string text = "[";
    for (const Dim& dim : shape) {
        const auto* size = std::get_if<std::int64_t>(&dim);
        text += (text.size() == 1 ? "" : ", ") +
                (size != nullptr ? std::to_string(*size) : "'" + std::get<std::string>(dim) + "'");
    }
    return text + "]";
}

}  // namespace hearsight
