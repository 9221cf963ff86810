// A vocoder over a long mel, piece by piece: bounded memory, progress, and the same samples.
//
// A frame's samples depend on no more than `reach` frames to either side, so that a piece which is
// run with so many around it gives what the whole would give, but for rounding.

#pragma once

#include <cstdint>
#include <vector>

namespace hearsight {

// Frames `start` to `end` that a piece is for, and `first` to `last` that are run for it.
struct Piece {
    std::int64_t start;
    std::int64_t end;
    std::int64_t first;
    std::int64_t last;
};

// Pieces in order that cover all frames, of one size but for the last one; the same as the Python
// player's. As many frames are run for each; at the ends the real edge is among them.
std::vector<Piece> pieces(std::int64_t frames, std::int64_t reach);

}  // namespace hearsight
