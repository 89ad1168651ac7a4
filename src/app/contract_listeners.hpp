#pragma once

#include <warren/method.hpp>

#include "app/config/config.hpp"
#include "contract/document.hpp"

namespace warren::app {

/// Add where a configuration serves and forwards. No password, key or secret is among it.
/// in  config: without problems, its methods held against the registry
void add_listeners(const Config& config, const Registry& registry, contract::Document& document);

}  // namespace warren::app
