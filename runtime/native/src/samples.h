// The samples of a take, in memory that the host may have lent.

#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "error.h"
#include "hearsight.h"

namespace hearsight {

// Where memory comes from: the host's hooks, or malloc where it gave none.
struct Memory {
    hs_allocate_function allocate = nullptr;
    hs_release_function release = nullptr;
    void* user = nullptr;
};

// A copy of `values`. Throws Error(device): the host gives no memory.
class Samples {
  public:
    Samples(const Memory& memory, const std::vector<float>& values)
        : memory_(memory), count_(values.size()) {
        const std::size_t bytes = count_ * sizeof(float);
        if (bytes == 0) {
            return;
        }
        data_ = memory_.allocate ? memory_.allocate(memory_.user, bytes) : std::malloc(bytes);
        if (!data_) {
            throw Error(Status::device, "There is no memory for a take of " +
                                            std::to_string(bytes) +
                                            " bytes: free earlier takes, or ask for less.");
        }
        std::memcpy(data_, values.data(), bytes);
    }

    ~Samples() {
        if (data_) {
            memory_.release ? memory_.release(memory_.user, data_) : std::free(data_);
        }
    }

    Samples(const Samples&) = delete;
    Samples& operator=(const Samples&) = delete;

    const float* data() const { return static_cast<const float*>(data_); }
    std::uint64_t count() const { return count_; }

  private:
    Memory memory_;
    std::uint64_t count_;
    void* data_ = nullptr;
};

}  // namespace hearsight
