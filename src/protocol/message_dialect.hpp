#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/call.hpp"
#include "protocol/envelope.hpp"
#include "protocol/topology.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::protocol {

/// How a server of a dialect appears in the broker.
struct ServerTopologyOptions {
    std::string queue;
    std::vector<std::string> methods;
    TopologyOverrides queue_overrides{};
    TopologyOverrides exchange_overrides{};
    std::vector<Exchange> exchanges{};  // exchanges whose shape the configuration gives itself
};

/// One way to speak RPC in messages with addresses: between an `Envelope` and a `Call` or `Answer`.
/// Pure: bytes in, bytes out; no clock, no I/O, no state.          thread any
class MessageDialect {
public:
    virtual ~MessageDialect() = default;

    virtual std::string_view name() const noexcept = 0;

    // The server's side

    /// in   a received message; views of the result belong to it and to `arena`
    /// err  invalid_request (json_invalid and the like) | overloaded (body over the limit);
    ///      the failure is answered like any other
    virtual std::expected<Call, Failure> decode_call(const Envelope& request,
                                                     Arena& arena) const = 0;

    /// The reply message, or nullopt when the request names nobody to reply to.
    /// in   `body` is overwritten and viewed by the result, as are `address` and `arena`
    /// err  none: what cannot be written (a float that is no number, say) becomes an `internal`
    ///      failure's reply
    virtual std::optional<Envelope> encode_answer(const ReplyAddress& address, const Answer& answer,
                                                  Arena& arena, std::string& body) const = 0;

    virtual Topology server_topology(const ServerTopologyOptions& options) const = 0;

    // The client's side

    /// The request message. in  `body` is overwritten and viewed, as are `call`, `queue`,
    /// `reply_to` and `arena`
    virtual std::expected<Envelope, Failure> encode_call(const Call& call, std::string_view queue,
                                                         std::string_view reply_to, Arena& arena,
                                                         std::string& body) const = 0;

    /// out  a success; views belong to `reply` and `arena`
    /// err  what the peer answered instead, owning all of it; internal when the reply cannot be
    ///      read (then the peer's words are in peer_text)
    virtual std::expected<Answer, Failure> decode_answer(const Envelope& reply,
                                                         Arena& arena) const = 0;

    /// What must be bound so that replies to calls of `method` reach the client's reply queue.
    virtual std::vector<Binding> reply_bindings(std::string_view method) const = 0;
};

}  // namespace warren::protocol
