// Memory that was freed, and that the C library keeps for later.

#pragma once

namespace hearsight {

// Gives it back to the system, where it does not go back by itself: glibc keeps what lies between
// blocks that are still in use, of a bundle's graphs some 90 MB.
void trim_heap() noexcept;

// Does so when it is destroyed; as the first member, after all others were.
class HeapTrim {
  public:
    HeapTrim() = default;
    HeapTrim(const HeapTrim&) = delete;
    HeapTrim& operator=(const HeapTrim&) = delete;
    ~HeapTrim() { trim_heap(); }
};

}  // namespace hearsight
