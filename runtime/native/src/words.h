// The words of a text, and those that a model has never met.

#pragma once

#include <filesystem>
#include <string>
#include <unordered_set>
#include <vector>

namespace hearsight {

using Words = std::unordered_set<std::string>;

// The words of a vocabulary file. Throws Error(bundle): it cannot be read, or is no text.
Words read_words(const std::filesystem::path& path);

// Words of a text (UTF-8) that are not among the known ones, each once, in order, in lower case.
std::vector<std::string> unknown_words(const std::string& text, const Words& known);

}  // namespace hearsight
