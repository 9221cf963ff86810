// Which values the manifest's numbers may have, alone and together.

#pragma once

#include "manifest.h"

namespace hearsight {

// Throws Breach at the first value that is not possible.
void check_values(const Manifest& manifest);

}  // namespace hearsight
