// The border between exceptions and status codes.

#pragma once

#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "error.h"
#include "hearsight.h"

namespace hearsight {

// How a piece of work ended, and its words if it failed.
struct Failure {
    hs_status status = HS_OK;
    std::string text;
};

// Nothing is thrown past this.
template <typename Work>
Failure attempt(Work&& work) noexcept {
    try {
        try {
            work();
            return {};
        } catch (const Error& problem) {
            return {static_cast<hs_status>(problem.status), problem.what()};
        } catch (const std::bad_alloc&) {
            return {HS_DEVICE, "Memory does not suffice: free some, or ask for less."};
        } catch (const std::system_error& problem) {
            return {HS_DEVICE, std::string("The system refused: ") + problem.what()};
        } catch (const std::exception& problem) {
            return {HS_INTERNAL, std::string("A fault of the library: ") + problem.what()};
        } catch (...) {
            return {HS_INTERNAL, "A fault of the library."};
        }
    } catch (...) {  // there was no memory even for the words
        return {HS_DEVICE, {}};
    }
}

}  // namespace hearsight
