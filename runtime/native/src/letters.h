// Characters of all languages, as Python's `str` knows them.

#pragma once

#include <string>
#include <string_view>

namespace hearsight {

// UTF-8 as characters; a byte that belongs to none becomes U+FFFD.
std::u32string decoded(std::string_view text);
std::string encoded(std::u32string_view text);

// Whether it is a letter or digit (`str.isalnum`), or white space (`str.isspace`).
bool is_alphanumeric(char32_t each);
bool is_space(char32_t each);

// In lower case (`str.lower`).
std::u32string lowered(std::u32string_view text);

}  // namespace hearsight
