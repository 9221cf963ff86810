// This machine as the keys of compiled graphs tell it: the same words as the Python player's.

#pragma once

#include <string>

namespace hearsight {

// System and architecture, such as `linux-x86_64` or `windows-amd64`.
std::string system_name();

// The processor as its maker calls it, or its architecture, ` with ` its widest vector
// instructions where Linux is there to tell: they decide how weights are laid out for it, and
// virtual machines give unlike processors one name.
std::string processor_name();

}  // namespace hearsight
