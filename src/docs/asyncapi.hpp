#pragma once

#include <warren/dynamic.hpp>

#include "contract/document.hpp"

#include <string_view>

namespace warren::docs {

/// The document as AsyncAPI has it: a server for each listener, a channel for each method there,
/// and an operation with its reply. Without listeners the methods alone, as replies with an
/// envelope have them.                                        [AsyncAPI Specification 3.0.0]
Dynamic asyncapi(const contract::Document& document, std::string_view title = "Warren");

}  // namespace warren::docs
