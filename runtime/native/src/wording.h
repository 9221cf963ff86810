// What libraries say, as messages hold it.

#pragma once

#include <string>

namespace hearsight {

// One line without its full stop, cut to 500 bytes: a library may list every node.
std::string in_short(const std::string& text);

// Whether a failure is about memory that does not suffice.
bool is_about_memory(std::string text);

}  // namespace hearsight
