#pragma once

#include <warren/method.hpp>
#include <warren/server.hpp>

#include "contract/document.hpp"
#include "endpoint/server/listener_config.hpp"

#include <span>
#include <string>
#include <vector>

namespace warren::endpoint {

/// What a client takes to call a listener, without credentials, as far as its options tell: one at
/// a free port tells more once it is open.
std::string client_address(const ListenerConfig& config);

/// A listener of this server's methods for a contract document. No password, key or secret is in
/// it.
/// in  methods: that it serves
contract::ListenerDocument listener_document(const ListenerConfig& config, std::string address,
                                             const std::vector<const Method*>& methods);

/// Of each listener that serves methods.
/// in   addresses: of all, in their order
std::vector<contract::ListenerDocument> listener_documents(
    std::span<const ListenerConfig> configs, const std::vector<std::string>& addresses,
    const Registry& registry, ServerReplies replies);

}  // namespace warren::endpoint
