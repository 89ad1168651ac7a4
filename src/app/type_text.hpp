#pragma once

#include "contract/document.hpp"

#include <string>

namespace warren::app {

/// A type of a document for people to read: its name and, of a model, one line per field; each line
/// ends with a newline.
std::string describe_type(const contract::Document& document, const contract::DataType& type);

}  // namespace warren::app
