#pragma once

#include <string>
#include <string_view>

namespace warren::docs {

/// What the file of a method's schema is called below `schemas`, such as "dx_example.json". A name
/// that a file could not have, or that is one of ours, is percent-encoded; so is a part of what
/// leads out of the folder, and the end of what is too long.
std::string schema_file(std::string_view method);

/// The same as a reference that is relative to its siblings.                [RFC 3986 4.2]
std::string schema_reference(std::string_view method);

}  // namespace warren::docs
