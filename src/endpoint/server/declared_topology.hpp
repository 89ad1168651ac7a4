#pragma once

#include <warren/error.hpp>
#include <warren/forward.hpp>
#include <warren/listener.hpp>
#include <warren/method.hpp>

#include "endpoint/address/address.hpp"
#include "protocol/topology.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

// What a configuration would have in a broker, for whoever compares.
namespace warren::endpoint {

struct DeclaredTopology {
    std::string display{};  // where, for people
    transport::AmqpEndpoint broker{};
    protocol::Topology topology{};
};

/// in   is_proxy: its methods are those of its options, or any
/// out  none: it has no broker
/// err  as `Server::listen` and `Server::start`
std::expected<std::optional<DeclaredTopology>, Failure> declared_by_listener(
    const ListenerOptions& options, const Registry& registry, bool is_proxy);
/// What has to be there where calls are forwarded to.
std::expected<std::optional<DeclaredTopology>, Failure> needed_by_target(
    const ForwardOptions& options);

/// What RabbitMQ of newer versions refuses or passes over in a queue, and what to do; one text for
/// each.                                          [RabbitMQ 4.0 and 4.3, release notes]
std::vector<std::string> advice_on(const protocol::Queue& queue);

}  // namespace warren::endpoint
