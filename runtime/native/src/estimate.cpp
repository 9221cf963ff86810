#include "estimate.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace hearsight {
namespace {

const std::vector<std::string>* graphs_for(const Conditioners& known, Modality modality) {
    switch (modality) {
    case Modality::text:
        return known.text ? &known.text->graphs : nullptr;
    case Modality::image:
        return known.image ? &known.image->graphs : nullptr;
    case Modality::audio:
        return known.audio ? &known.audio->graphs : nullptr;
    case Modality::condition:
        break;
    }
    return nullptr;
}

struct Sum {
    hs_memory memory{};
    std::uint64_t largest = 0;

    // ONNX Runtime holds weights once, in its own memory or mapped: those that it packs for graphs
    // that run many times take the place of the others.
    void add(const Manifest& manifest, const std::string& name) {
        const Graph* graph = find(manifest.graphs, name);
        const Variant* variant = graph ? find(graph->variants, Precision::fp32) : nullptr;
        if (!variant) {
            return;
        }
        std::int64_t files = variant->bytes;
        for (const DataFile& weights : variant->weights) {
            files += weights.bytes;
        }
        const auto bytes = static_cast<std::uint64_t>(files);
        memory.files += bytes;
        memory.weights += bytes;
        largest = std::max(largest, bytes);
    }
};

}  // namespace

hs_memory memory_of(const std::vector<std::shared_ptr<const Bundle>>& bundles,
                    const std::optional<Request>& asked, std::uint64_t budget) {
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
            if (const auto* names = graphs_for(able.conditioners, modality)) {
                for (const std::string& name : *names) {
                    sum.add(able, name);
                }
                break;
            }
        }
    }
    if (asked && asked->init) {
        sum.add(manifest, "encode");
    }
    for (const char* name : {"denoise", "decode", "vocoder"}) {
        sum.add(manifest, name);
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
