// Which device can really run graphs here, and why not the others.

#pragma once

#include <optional>
#include <string>

#include "driver.h"
#include "ort.h"
#include "plugin.h"

namespace hearsight {

// A device that works.
struct Choice {
    std::string device = "cpu";
    std::string provider = "CPUExecutionProvider";  // ONNX Runtime's name of what runs it
    std::string why;                                // a sentence
    std::optional<Card> card;                       // NVIDIA's

    bool on_processor() const { return device == "cpu"; }

    // Whether it plays graphs that were compiled for the card.
    bool compiles() const { return device == "rtx"; }
};

// Finds what a word for a device stands for here: `cpu`, `cuda`, `rtx`, `directml`, or `auto`,
// which takes the first of rtx, cuda and directml that works, else the processor. What is no
// processor must run a graph of one node first. `plugin` is the path of rtx's provider library, or
// empty if there is none.
//
// Throws Error(device): an unknown word, or what was named cannot be had; says why.
Choice choose(const Ort& ort, const std::string& word, const std::string& plugin);

// Has the device run what is opened with these options, and the processor what it leaves. Settings
// are those of a plug-in provider. Throws OrtFailure.
void attach(const Ort& ort, const Choice& choice, OrtSessionOptions* options,
            const Settings& settings);

}  // namespace hearsight
