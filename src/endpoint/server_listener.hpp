#pragma once

#include <warren/error.hpp>
#include <warren/listener.hpp>
#include <warren/method.hpp>

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "core/limits.hpp"
#include "endpoint/address.hpp"
#include "format/fernet.hpp"
#include "protocol/message_dialect.hpp"
#include "protocol/topology.hpp"

namespace warren::endpoint {

/// A listener's options, read and checked: all that needs no method to exist.
struct ListenerPlan {
    ListenerOptions options;
    Address address;
    format::Keyring keys{};

    /// Where it listens, for people: "amqp://localhost:5672/test queue=test".
    std::string display() const;
    std::size_t simultaneous_requests_max() const noexcept;
};

transport::TlsServerOptions server_tls(const ListenerTls& tls);

/// err  invalid_request: what is wrong with which option; never shows a password or key
std::expected<ListenerPlan, Failure> plan_listener(ListenerOptions options);

/// The methods that a listener serves.
/// err  no_such_method, naming every one that is not registered; invalid_request, when the protocol
///      serves exactly one and there is another number
std::expected<std::vector<const Method*>, Failure> methods_of(const ListenerPlan& plan,
                                                              const Registry& registry);

/// How it speaks to a broker, and what it wants of it.
std::expected<std::unique_ptr<protocol::MessageDialect>, Failure> dialect_of(
    const ListenerPlan& plan, const std::vector<const Method*>& methods,
    const core::Limits& limits);
protocol::Topology topology_of(const ListenerPlan& plan, const std::vector<const Method*>& methods,
                               const protocol::MessageDialect& dialect);

}  // namespace warren::endpoint
