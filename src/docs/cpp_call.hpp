#pragma once

#include "contract/document.hpp"
#include "docs/cpp_names.hpp"

#include <string>

namespace warren::docs {

/// A program that calls a method by its contract, as `cpp_models` gives it.
/// in   request: what is sent
std::string cpp_call(const contract::Document& document, const CppNames& names,
                     const contract::ListenerDocument& listener,
                     const contract::MethodDocument& method, const Dynamic& request);

}  // namespace warren::docs
