// What memory a request will take, from the manifests alone.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bundle.h"
#include "hearsight.h"
#include "request.h"
#include "routes.h"

namespace hearsight {

// `bundles` are a generator and its conditioners, `asked` is resolved for it: without it, one text
// of the usual length. Graphs count in the precision that `wishes` lead to; of the device "auto" it
// is taken that it becomes the processor, which takes the most. `budget` is of weights in bytes, 0
// without end.
hs_memory memory_of(const std::vector<std::shared_ptr<const Bundle>>& bundles,
                    const std::optional<Request>& asked, const Wishes& wishes,
                    std::uint64_t budget);

}  // namespace hearsight
