// What can go wrong, and the status that the C API and the player's exit code say it with.

#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace hearsight {

// The values are those of the C API and the exit codes of runtime-cli: never renumber them.
enum class Status : std::int32_t {
    ok = 0,
    internal = 1,  // a failure that is nobody's fault outside: a defect here, or in a library
    usage = 2,     // a request or a call that cannot be carried out as written
    bundle = 3,    // a bundle that is missing, damaged, or not of the format played here
    device = 4,    // a device or library that cannot be had, or memory that does not suffice
    file = 5,      // an input or output file that cannot be read or written
    cancelled = 130
};

// Any failure this library foresees. The message names what failed, where, and what to do about
// it; it is written to be shown to a user as it is.
struct Error : std::runtime_error {
    Error(Status what_kind, const std::string& message)
        : std::runtime_error(message), status(what_kind) {}

    Status status;
};

}  // namespace hearsight
