#pragma once

#include <warren/dynamic.hpp>

#include "contract/document.hpp"

#include <string_view>

namespace warren::docs {

/// The document's methods as OpenRPC has them.                  [OpenRPC Specification 1.3.2]
/// Codes of failures are numbers there: each stands for a name, which is the error's message.
Dynamic openrpc(const contract::Document& document, std::string_view title = "Warren");

}  // namespace warren::docs
