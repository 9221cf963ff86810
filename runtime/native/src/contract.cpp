#include "contract.h"

#include <algorithm>
#include <limits>
#include <set>
#include <unordered_map>

#include "ascii.h"
#include "axes.h"
#include "breach.h"
#include "chains.h"
#include "roles.h"
#include "values.h"

namespace hearsight {
namespace {

std::vector<std::string_view> steps(std::string_view file) {
    std::vector<std::string_view> found;
    for (std::size_t start = 0, end = 0; end != std::string_view::npos; start = end + 1) {
        end = file.find('/', start);
        found.push_back(file.substr(start, end == std::string_view::npos ? end : end - start));
    }
    return found;
}

bool is_plain(std::string_view step) {
    const auto plain = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
    return !step.empty() && plain(step[0]) && std::all_of(step.begin(), step.end(), [&](char c) {
        return plain(c) || c == '.' || c == '+' || c == '-';
    });
}

const char* path_flaw(std::string_view file) {
    if (file.substr(0, 1) == "/" || (file.size() > 1 && is_letter(file[0]) && file[1] == ':')) {
        return "paths must be relative to the bundle's folder";
    }
    if (file.find('\\') != std::string_view::npos) {
        return "paths are written with /";
    }
    const auto parts = steps(file);
    if (std::find(parts.begin(), parts.end(), "..") != parts.end()) {
        return "a path must not leave the bundle's folder";
    }
    if (!std::all_of(parts.begin(), parts.end(), is_plain)) {
        return "paths are ASCII letters, digits, . _ + - and /, and no part starts with a dot";
    }
    return nullptr;
}

bool is_sha256(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return is_digit(c) || (c >= 'a' && c <= 'f');
           });
}

std::int64_t width(DType dtype) {
    switch (dtype) {
    case DType::float32:
    case DType::int32:
        return 4;
    case DType::float16:
        return 2;
    case DType::int64:
        return 8;
    case DType::uint8:
    case DType::boolean:
        return 1;
    case DType::string:
        break;
    }
    return 0;
}

// Whether the shape makes that many bytes, whatever numbers it holds.
bool makes(const TensorFile& tensor) {
    const auto& shape = tensor.shape;
    if (tensor.dtype == DType::string ||
        std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 0; })) {
        return false;
    }
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) {
        return tensor.bytes == 0;
    }
    std::int64_t size = width(tensor.dtype);
    for (const std::int64_t axis : shape) {
        if (axis > std::numeric_limits<std::int64_t>::max() / size) {
            return false;
        }
        size *= axis;
    }
    return size == tensor.bytes;
}

void check_files(const Manifest& manifest) {
    std::unordered_map<std::string, const DataFile*> seen;
    for (const Listed& listed : files(manifest)) {
        const DataFile& data = *listed.file;
        if (const char* flaw = path_flaw(data.file)) {
            breach(listed.at + ".file is \"" + data.file + "\"; " + flaw);
        }
        if (!is_sha256(data.sha256)) {
            breach(listed.at + ".sha256 must be 64 lower-case hexadecimal digits");
        }
        if (data.bytes < 0) {
            breach(listed.at + ".bytes must not be negative");
        }
        const DataFile& first = *seen.emplace(lower(data.file), &data).first->second;
        if (first.sha256 != data.sha256 || first.bytes != data.bytes) {
            breach(listed.at + ".file \"" + data.file +
                   "\" is listed elsewhere with another hash or size");
        }
        if (listed.tensor != nullptr && !makes(*listed.tensor)) {
            breach(listed.at + ": " + name_of(listed.tensor->dtype) + " " +
                   text_of(listed.tensor->shape) + " does not make " + std::to_string(data.bytes) +
                   " bytes");
        }
    }
}

void check_sections(const Manifest& manifest) {
    const std::string kind = name_of(manifest.kind);
    const bool generates = manifest.makes_sound();
    const bool classifies = manifest.kind == Kind::classifier;
    const std::string needs = " is missing; a bundle of kind \"" + kind + "\" needs it";
    const std::string alien = " does not belong in a bundle of kind \"" + kind + "\"";
    const std::pair<const char*, bool> sections[] = {{"audio", manifest.audio.has_value()},
                                                     {"latent", manifest.latent.has_value()},
                                                     {"schedule", manifest.schedule.has_value()},
                                                     {"defaults", manifest.defaults.has_value()}};
    for (const auto& [section, there] : sections) {
        if (there != generates) {
            breach(section + (generates ? needs : alien));
        }
    }
    if (classifies != manifest.classifier.has_value()) {
        breach("classifier" + (classifies ? needs : alien));
    }
    const std::pair<const char*, bool> roles[] = {
        {"denoise", generates}, {"decode", generates}, {"classify", classifies}};
    for (const auto& [role, needed] : roles) {
        if (needed && find(manifest.graphs, role) == nullptr) {
            breach(std::string("graphs.") + role + needs);
        }
    }
    for (const auto& entry : manifest.graphs) {
        if ((!generates && is_generator_role(entry.first)) ||
            (!classifies && entry.first == "classify")) {
            breach("graphs." + entry.first + alien);
        }
    }
    if ((find(manifest.graphs, "join") != nullptr) != manifest.join.has_value()) {
        breach(std::string(manifest.join ? "graphs.join" : "join") +
               " is missing; join and graphs.join go together");
    }
    if (!manifest.chain.empty() && !generates) {
        breach("chain" + alien);
    }
    const auto there = chains(manifest);
    const bool understands = manifest.kind == Kind::conditioner || manifest.kind == Kind::both;
    if (!understands && !there.empty()) {
        breach(std::string("conditioners.") + name_of(there.front().first) + alien);
    }
    if (understands && there.empty()) {
        breach("conditioners is empty; a bundle of kind \"" + kind + "\" needs at least one");
    }
}

void check_licenses(const Manifest& manifest) {
    std::set<std::string> weights;
    for (const auto& [name, graph] : manifest.graphs) {
        for (const auto& [precision, variant] : graph.variants) {
            if (variant.weights.empty()) {
                weights.insert(variant.file);
            }
            for (const DataFile& data : variant.weights) {
                weights.insert(data.file);
            }
        }
    }
    std::set<std::string> told;
    for (const auto& entry : manifest.license) {
        told.insert(entry.first);
    }
    for (const std::string& file : weights) {
        if (told.count(file) == 0) {
            breach("license lacks an entry for the weight file \"" + file + "\"");
        }
    }
    for (const std::string& file : told) {
        if (weights.count(file) == 0) {
            breach("license names \"" + file + "\", which is no weight file of this bundle");
        }
    }
}

}  // namespace

std::vector<Listed> files(const Manifest& manifest) {
    std::vector<Listed> found;
    const auto number = [](std::size_t i) { return "[" + std::to_string(i) + "]"; };
    for (const auto& [name, graph] : manifest.graphs) {
        for (const auto& [precision, variant] : graph.variants) {
            const std::string at = "graphs." + name + ".variants." + name_of(precision);
            found.push_back({at, &variant, nullptr});
            for (std::size_t i = 0; i < variant.weights.size(); ++i) {
                found.push_back({at + ".weights" + number(i), &variant.weights[i], nullptr});
            }
        }
        if (!graph.check) {
            continue;
        }
        const std::string at = "graphs." + name + ".check.";
        for (std::size_t i = 0; i < graph.check->inputs.size(); ++i) {
            const TensorFile& tensor = graph.check->inputs[i];
            found.push_back({at + "inputs" + number(i), &tensor, &tensor});
        }
        for (std::size_t i = 0; i < graph.check->outputs.size(); ++i) {
            const TensorFile& tensor = graph.check->outputs[i];
            found.push_back({at + "outputs" + number(i), &tensor, &tensor});
        }
    }
    if (manifest.space.empty) {
        found.push_back({"space.empty", &*manifest.space.empty, &*manifest.space.empty});
    }
    const auto& text = manifest.conditioners.text;
    if (text && text->vocabulary) {
        found.push_back({"conditioners.text.vocabulary", &*text->vocabulary, nullptr});
    }
    if (manifest.classifier && manifest.classifier->labels) {
        found.push_back({"classifier.labels", &*manifest.classifier->labels, nullptr});
    }
    return found;
}

bool is_name(std::string_view text) {
    bool between = true;  // a letter or digit must come next
    for (const char c : text) {
        const bool mark = c == '.' || c == '_' || c == '-';
        if (mark ? between : !is_lower(c) && !is_digit(c)) {
            return false;
        }
        between = mark;
    }
    return !between && text.size() <= 64;
}

void check_contract(const Manifest& manifest) {
    if (!is_name(manifest.name)) {
        breach("name is \"" + manifest.name +
               "\"; it must be lower-case letters, digits and single . _ - between them, 64 at "
               "most");
    }
    check_files(manifest);
    check_names(manifest);
    check_sections(manifest);
    check_values(manifest);
    for (const auto& [name, graph] : manifest.graphs) {
        check_graph(manifest, name, graph);
    }
    check_chains(manifest);
    check_licenses(manifest);
}

}  // namespace hearsight
