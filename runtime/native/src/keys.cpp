#include "keys.h"

#include <algorithm>
#include <iterator>

#include "json.h"
#include "sha256.h"

namespace hearsight {
namespace {

std::string quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string listed(const std::vector<std::string>& targets) {
    std::string text;
    for (const std::string& target : targets) {
        text += (text.empty() ? "" : ", ") + target;
    }
    return text.empty() ? "none" : text;
}

// The builder without its version.
std::string maker(const Key& key) {
    const std::size_t space = key.builder.rfind(' ');
    return space == std::string::npos ? "" : key.builder.substr(0, space);
}

// Precision of the file it is built from: OpenVINO makes bf16 of fp32.
std::string source(const Key& key) {
    return key.precision == "bf16" ? "fp32" : key.precision;
}

bool holds(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

std::string digest(const Key& key) {
    // JSON in ASCII, keys in order, with a space after each comma and colon.
    std::string targets;
    for (const std::string& target : key.targets) {
        targets += (targets.empty() ? "" : ", ") + quoted(target);
    }
    return sha256("{\"builder\": " + quoted(key.builder) + ", \"card\": " + quoted(key.card) +
                  ", \"driver\": " + quoted(key.driver) + ", \"graph\": " + quoted(key.graph) +
                  ", \"precision\": " + quoted(key.precision) +
                  ", \"profile\": " + quoted(key.profile) + ", \"system\": " + quoted(key.system) +
                  ", \"targets\": [" + targets + "]}")
        .substr(0, 32);
}

std::string graph_hash(const Variant& variant) {
    std::string hashes = variant.sha256;
    for (const DataFile& weights : variant.weights) {
        hashes += "\n" + weights.sha256;
    }
    return sha256(hashes);
}

std::vector<std::string> differences(const Key& built, const Key& wanted) {
    std::vector<std::string> told;
    if (built.graph != wanted.graph && source(built) == source(wanted)) {
        told.push_back("The graph's file has changed since.");
    }
    if (built.precision != wanted.precision) {
        told.push_back("It was built in " + built.precision + ", and " + wanted.precision +
                       " is wanted.");
    }
    if (built.system != wanted.system) {
        told.push_back("It was built for " + built.system + ", and this machine is " +
                       wanted.system + ".");
    }
    std::vector<std::string> missing;
    std::copy_if(wanted.targets.begin(), wanted.targets.end(), std::back_inserter(missing),
                 [&](const std::string& target) { return !holds(built.targets, target); });
    if (!missing.empty()) {
        told.push_back("It was built for compute capability " + listed(built.targets) +
                       ", and this machine has " + listed(missing) + ".");
    }
    if (!built.card.empty() && built.card != wanted.card) {
        told.push_back("It was built for " + built.card + ", and this machine has " +
                       (wanted.card.empty() ? "none" : wanted.card) + ".");
    }
    if (built.profile != wanted.profile) {
        told.emplace_back("It was built for other sizes of its inputs.");
    }
    if (built.builder != wanted.builder) {
        told.push_back("It was built by " + built.builder + ", and this machine has " +
                       wanted.builder + ".");
    }
    if (!built.driver.empty() && built.driver != wanted.driver) {
        told.push_back("It was built with driver " + built.driver + ", and this machine has " +
                       wanted.driver + ".");
    }
    return told;
}

std::string reason(const std::vector<Key>& near, const Key& wanted) {
    if (near.empty()) {
        return "It was never built.";
    }
    std::vector<std::string> least;
    for (const Key& key : near) {
        if (maker(key) == maker(wanted)) {
            const auto told = differences(key, wanted);
            least = least.empty() || told.size() < least.size() ? told : least;
        }
    }
    if (least.empty()) {
        return "It was never built by " + maker(wanted) + ", only by " + maker(near.front()) + ".";
    }
    std::string text;
    for (const std::string& sentence : least) {
        text += (text.empty() ? "" : " ") + sentence;
    }
    return text;
}

}  // namespace hearsight
