#include "estimate.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "conditioner.h"

namespace hearsight {
namespace {

// What the graphs of a bundle are run in, as far as that can be told without trying the device:
// see Routes.
Precision wanted(const Manifest& manifest, const Wishes& wishes) {
    const bool card = wishes.device != "auto" && wishes.device != "cpu";
    const bool halved =
        std::any_of(manifest.graphs.begin(), manifest.graphs.end(), [](const auto& entry) {
            return find(entry.second.variants, Precision::fp16) != nullptr;
        });
    return wishes.precision.value_or(card && halved ? Precision::fp16 : Precision::fp32);
}

struct Sum {
    hs_memory memory{};
    std::uint64_t largest = 0;

    // ONNX Runtime holds weights once, in its own memory or mapped: those that it packs for graphs
    // that run many times take the place of the others.
    void add(const Manifest& manifest, const std::string& name, Precision precision) {
        const Graph* graph = find(manifest.graphs, name);
        if (!graph) {
            return;
        }
        const Variant* variant = find(graph->variants, precision);
        variant = variant ? variant : find(graph->variants, Precision::fp32);
        const std::uint64_t bytes = variant->size();
        memory.files += bytes;
        memory.weights += bytes;
        largest = std::max(largest, bytes);
    }
};

}  // namespace

hs_memory memory_of(const std::vector<std::shared_ptr<const Bundle>>& bundles,
                    const std::optional<Request>& asked, const Wishes& wishes,
                    std::uint64_t budget) {
    const Manifest& manifest = bundles.front()->manifest;
    std::set<Modality> heard{Modality::text};
    if (asked) {
        heard.clear();
        for (const Prompt& prompt : asked->prompts) {
            heard.insert(prompt.modality);
        }
        if (!asked->negative.empty()) {
            heard.insert(Modality::text);
        }
    }
    Sum sum;
    for (const Modality modality : heard) {
        // Conditioners are asked before the generator itself.
        for (std::size_t index = 1; index <= bundles.size(); ++index) {
            const Manifest& able = bundles[index % bundles.size()]->manifest;
            if (const Chain* names = graphs_for(able, modality)) {
                Wishes own = wishes;
                if (index != bundles.size()) {
                    own.precision.reset();  // what was asked of the generator
                }
                for (const std::string& name : *names) {
                    sum.add(able, name, wanted(able, own));
                }
                break;
            }
        }
    }
    const Precision precision = wanted(manifest, wishes);
    if (asked && asked->init) {
        sum.add(manifest, "encode", precision);
    }
    for (const char* name : {"denoise", "decode", "vocoder"}) {
        sum.add(manifest, name, precision);
    }
    if (budget != 0) {
        sum.memory.weights = std::min(sum.memory.weights, std::max(budget, sum.largest));
    }
    const double seconds = asked ? asked->seconds.value() : manifest.defaults->seconds;
    const auto frames = static_cast<std::uint64_t>(
        std::ceil(seconds * static_cast<double>(manifest.audio->sample_rate)));
    sum.memory.samples = frames * static_cast<std::uint64_t>(manifest.audio->channels) *
                         (asked ? asked->variations : 1) * sizeof(float);
    sum.memory.struct_size = sizeof sum.memory;
    return sum.memory;
}

}  // namespace hearsight
