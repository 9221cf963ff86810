// How much memory waiting graphs may hold: those used longest ago are closed first.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <utility>

namespace hearsight {

// Memory in bytes that open graphs may take together, shared by the engines of a program; 0 is no
// limit. The graph that is about to run stays, however large it is. What is closed is opened again
// when it is needed, which takes the time of opening it. Any thread may call any of it.
class Budget {
  public:
    using Key = std::pair<const void*, std::string>;  // an engine and a graph of it
    using Close = std::function<void()>;

    explicit Budget(std::uint64_t limit = 0) : limit_(limit) {}

    // Notes that a graph of `size` bytes is about to be opened or used, and makes room for it.
    // `close` gives its memory back; it is called when others need the room, from their thread.
    void take(const Key& key, std::uint64_t size, Close close);

    // Closes graphs until no more than `limit` is taken, all of them for 0. One that is running
    // ends its run first.
    void trim(std::uint64_t limit);

    // Notes that a graph was closed by its owner; its `close` is not called after this returns.
    void give_back(const Key& key);

  private:
    struct Open {
        Key key;
        std::uint64_t size;
        Close close;
    };

    void shrink(std::uint64_t limit, std::size_t kept);
    void forget(const Key& key);

    const std::uint64_t limit_;
    std::mutex mutex_;      // held while graphs are closed, so that no owner dies meanwhile
    std::list<Open> open_;  // those used longest ago first
};

}  // namespace hearsight
