// Optimisation profiles: the sizes of its inputs that a graph is compiled for.
//
// TensorRT wants to know the least, the usual and the largest size of every free axis. The first
// profile of a graph takes every size that a request can ask for, within four variations and four
// branches; the others are for one variation with plain guidance, one for each range of lengths.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "manifest.h"
#include "tensor.h"

namespace hearsight {

// The shapes that one input may have.
struct Extent {
    std::string name;
    Shape least;
    Shape usual;
    Shape most;
};

// The shapes of the inputs of a graph that have a free axis.
using Profile = std::vector<Extent>;

// The shape of an input by its name.
using ShapeOf = std::function<Shape(const std::string& name)>;

// The profiles that a graph is compiled with, the widest first, none where nothing is free. Sizes
// of pictures are no part of it: pictures are brought to their size before what is compiled.
std::vector<Profile> profiles(const Manifest& manifest, const std::string& name);

// Index of the narrowest profile that takes inputs of these shapes, none if none does. The first
// takes all that the others take: what can use only one uses that.
std::optional<std::size_t> fitting(const std::vector<Profile>& made, const ShapeOf& shape);

// Canonical text: `x 1x8x3x8 1x8x63x8 4x8x125x8, cond 1x256 2x256 16x256; x 1x8...`.
std::string text_of(const std::vector<Profile>& made);

// One of an extent's shapes for all profiles, as providers want it: `x:1x8x3x8,cond:1x256,...`.
std::string sizes_of(const std::vector<Profile>& made, Shape Extent::*size);

}  // namespace hearsight
