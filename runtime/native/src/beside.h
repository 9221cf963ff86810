// The folder that this library was loaded from, where a game ships what belongs to it.

#pragma once

#include <initializer_list>
#include <string>

namespace hearsight {

// Absolute path (UTF-8) of the first of the files that lies beside this library; else empty.
std::string beside(std::initializer_list<const char*> names);

}  // namespace hearsight
