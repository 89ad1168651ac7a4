#pragma once

#include <warren/error.hpp>
#include <warren/forward.hpp>
#include <warren/listener.hpp>
#include <warren/method.hpp>

#include "endpoint/address/address.hpp"
#include "format/fernet/fernet.hpp"

#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace warren::endpoint {

/// Where a listener's calls are forwarded to.
struct ProxyConfig {
    ForwardOptions options;
    Address to{};
};

/// A listener's options, read and checked: all that needs no method to exist.
struct ListenerConfig {
    ListenerOptions options{};
    Address address{};
    format::Keyring keys{};
    std::string client_parameters{};             // such as "?queue=test", of a client's address
    std::shared_ptr<const ProxyConfig> proxy{};  // null: methods of this server are served
    /// By which callers ask what there is; counted nowhere.
    std::vector<const Method*> describing{};

    /// Where it listens, for people: "amqp://localhost:5672/test queue=test".
    std::string display() const;
    std::size_t simultaneous_requests_max() const noexcept;
};

/// An address with the queue there, for people: "amqp://localhost:5672/test queue=test".
std::string display_location(const Address& address);

transport::TlsServerOptions server_tls(const ListenerTls& tls);

/// Where a listener is to listen, whatever else is wrong with it.
/// err  as `parse_address`
std::expected<Address, Failure> address_of(const ListenerOptions& options);

/// err  invalid_request: what is wrong with which option; never shows a password or key
std::expected<ListenerConfig, Failure> resolve_listener(ListenerOptions options);

/// The methods of this server that a listener serves.
/// err  no_such_method, naming every one that is not registered; invalid_request, when the protocol
///      serves exactly one and there is another number
std::expected<std::vector<const Method*>, Failure> methods_of(const ListenerConfig& config,
                                                              const Registry& registry);

/// The names of the methods that it serves or forwards; empty: it forwards all.
std::vector<std::string> method_names(const ListenerConfig& config,
                                      const std::vector<const Method*>& methods);

}  // namespace warren::endpoint
