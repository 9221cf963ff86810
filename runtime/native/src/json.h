// Strict reading of JSON text that comes from outside.

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace hearsight {

// Objects keep the order of their keys, so that the first thing that is wrong is said first.
using Json = nlohmann::ordered_json;

// A value that was read. nlohmann's destructor takes memory for what is nested, and without any
// ends the process; this one leaves it nothing nested.
struct Document : Json {
    Document() = default;
    Document(Document&&) noexcept = default;
    Document& operator=(Document&&) = delete;
    ~Document();
};

// Reads one JSON value in UTF-8. Beyond what JSON itself forbids, keys given twice, a byte order
// mark, numbers too large for a double and nesting deeper than 64 are refused.
// Throws Error(bundle): "`where` is not valid JSON: ...".
Document parse_json(std::string_view text, const std::string& where);

// A value as an error message quotes it: JSON again, cut to 60 characters.
std::string excerpt(const Json& value);

// A text from outside as a message may hold it: control characters, which terminals obey and C
// ends strings at, become JSON's escapes.
std::string plain(std::string_view text);

}  // namespace hearsight
