#pragma once

#include <warren/error.hpp>
#include <warren/listener.hpp>

#include "endpoint/address/address.hpp"
#include "endpoint/server/listener_config.hpp"
#include "protocol/message_protocol.hpp"
#include "protocol/topology.hpp"
#include "runtime/server/message_server.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

// What a listener's queue at a broker may be, as far as that is known without the broker.
namespace warren::endpoint {

/// Move the type of the queue out of its arguments (x-queue-type), where only they name it.
void name_queue_type(ListenerQueue& queue);

/// in   options: after `name_queue_type`
/// err  invalid_request: a type that serves no requests, or what the type cannot be; a name that is
///      the broker's
std::expected<void, Failure> check_queue(const ListenerOptions& options, const Address& address);

/// Whether calls can go through an exchange of this type: each request to one queue, each reply to
/// its caller.
/// err  invalid_request
std::expected<void, Failure> check_exchange_type(const ListenerExchange& exchange);

/// err  as `check_exchange_type`; invalid_request: an exchange that would give replies to the queue
std::expected<void, Failure> check_exchanges(const ListenerOptions& options,
                                             const Address& address);

/// The queue's name as the broker knows it.
std::string queue_at_broker(const Address& address);

/// What a listener wants of a broker.
protocol::Topology topology_of(const ListenerConfig& config, std::vector<std::string> methods,
                               const protocol::MessageProtocol& protocol);
/// How often a request may be begun; 0: there is no limit.
std::uint32_t attempts_max_of(const ListenerConfig& config);
/// Where the requests of a listener go that leave its queue undone.
/// in   topology: of `topology_of`
runtime::RequestMoves moves_of(const ListenerConfig& config, const protocol::Topology& topology);
/// Why nothing keeps a request that ends its process from coming again for ever; empty: something
/// does.
std::string unlimited_attempts(const ListenerConfig& config, const protocol::Topology& topology,
                               bool has_store);

}  // namespace warren::endpoint
