// What memory a request will take, from the manifests alone.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bundle.h"
#include "hearsight.h"
#include "request.h"

namespace hearsight {

// `bundles` are a generator and its conditioners, `asked` is resolved for it: without it, one text
// of the usual length. `budget` is of weights in bytes, 0 without end.
hs_memory memory_of(const std::vector<std::shared_ptr<const Bundle>>& bundles,
                    const std::optional<Request>& asked, std::uint64_t budget);

}  // namespace hearsight
