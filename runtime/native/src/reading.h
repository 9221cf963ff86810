// What a C program asks for becomes a Request: copied, and held to the header's rules. What the
// numbers may be is the business of `resolve`.

#pragma once

#include "hearsight.h"
#include "request.h"

namespace hearsight {

// Throws Error(usage), naming the field. `audio_rate` is what a sound's rate is where none is told,
// `sample_rate` the rate of the bundle's takes.
Request read_request(const hs_request* given, std::uint32_t audio_rate, std::uint32_t sample_rate);

}  // namespace hearsight
