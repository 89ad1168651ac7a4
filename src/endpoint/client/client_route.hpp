#pragma once

#include <warren/options.hpp>

#include "endpoint/address/address.hpp"
#include "metrics/client_series.hpp"
#include "runtime/blocking_operation.hpp"
#include "runtime/client/client_calls.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace warren::endpoint {

/// The way of a client's calls: what encodes them, sends them and finds their responses, with the
/// I/O thread that it lives on.
class ClientRoute {
public:
    virtual ~ClientRoute() = default;

    virtual runtime::ClientCalls& calls() noexcept = 0;  // thread any
    /// What the calls and their connections have been through.                    thread any
    virtual metrics::ClientFigures figures() const = 0;
    /// Where it publishes, as ZeroMQ writes it, with the ports that were chosen; of other ways
    /// empty.                                                                     thread any
    virtual std::vector<std::string> publishing_at() const { return {}; }
    /// Whether the calling thread is the I/O thread.                              thread any
    virtual bool is_current_thread() const noexcept = 0;
    /// Start an operation for the I/O thread and wait for it.         thread any but the I/O thread
    virtual void run_until_done(runtime::BlockingOperation& operation) = 0;
    /// Log in otherwise, and trust others, from the next connection on.                 thread any
    /// in   address: of the same place
    /// out  false: this route cannot; another one is wanted
    virtual bool renew(const Address& /*address*/) { return false; }
    /// End every call and let connections go. When this returns no completion runs any more; on the
    /// I/O thread itself that is so when its turn is over.
    /// thread any, once
    virtual void close() = 0;
};

/// err  throws Error (invalid_request) for options that cannot be
std::unique_ptr<ClientRoute> make_client_route(const Address& address,
                                               const ClientOptions& options);

// One for each kind of address.
std::unique_ptr<ClientRoute> make_message_route(const Address& address,
                                                const ClientOptions& options);
std::unique_ptr<ClientRoute> make_tcp_route(const Address& address, const ClientOptions& options);
std::unique_ptr<ClientRoute> make_zmq_route(const Address& address, const ClientOptions& options);

/// What a client takes of replies, and sends of requests.
core::Limits client_limits(const Address& address, const ClientOptions& options) noexcept;
runtime::RequestLimits request_limits(const Address& address,
                                      const ClientOptions& options) noexcept;

/// What every client has of them.
metrics::ClientFigures figures_of(const runtime::ClientCalls& calls) noexcept;

/// Octets that no other client has.
std::array<std::uint8_t, 16> random_octets();
/// The same for the keys of calls; nullopt: the way there carries none, or who is there may not
/// know them.
std::optional<std::array<std::uint8_t, 16>> key_octets(const Address& address);

}  // namespace warren::endpoint
