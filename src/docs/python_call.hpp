#pragma once

#include "contract/document.hpp"

#include <optional>
#include <string>

namespace warren::docs {

/// A program that calls a method with nothing but pika, where its protocol is one that such speak.
/// in   request: what is sent
/// out  nullopt: with pika alone it cannot be called
std::optional<std::string> python_call(const contract::Document& document,
                                       const contract::ListenerDocument& listener,
                                       const contract::MethodDocument& method,
                                       const Dynamic& request);

}  // namespace warren::docs
