#pragma once

#include <warren/method.hpp>

#include "app/config/config.hpp"
#include "contract/document.hpp"

#include <span>
#include <string>

namespace warren::app {

/// The contract of what a configuration serves, and where it serves and forwards.
/// in   config: without problems, its methods held against the registry; addresses: as
///      `Server::addresses` has them, once it serves: those of listeners, then of proxies. Empty:
///      as far as the configuration tells.
contract::Document configured_contract(const Config& config, const Registry& registry,
                                       std::span<const std::string> addresses = {});

}  // namespace warren::app
