#include "heap.h"

#include <cstdlib>  // tells whether this is glibc
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace hearsight {

void trim_heap() noexcept {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

}  // namespace hearsight
