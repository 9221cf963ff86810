// A graph against the golden tensors that its bundle carries.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bundle.h"
#include "ort.h"
#include "profiles.h"
#include "session.h"

namespace hearsight {

// The least SNR in dB of outputs that are as they should be: a fixed one per precision, or three
// times the error that the exporter measured if that is more.
double least_snr_db(const Graph& graph, Precision precision);

// The SNR in dB of a session's outputs for the golden inputs, the least of its outputs', infinite
// where they are equal, and minus infinity for another shape or what is no number. None where the
// bundle carries no tensors, or no profile of `made` takes them. Throws as Session::run, and
// Error(bundle), Error(file): a stored tensor is missing or damaged.
std::optional<double> golden_snr_db(const Bundle& bundle, const std::string& name,
                                    const Session& session, const Ort& ort,
                                    const std::vector<Profile>& made);

}  // namespace hearsight
