#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/call.hpp"
#include "protocol/message_view.hpp"
#include "protocol/topology.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::protocol {

/// How a server of a protocol appears in the broker.
struct ServerTopologyOptions {
    std::string server{};  // its queue, or what its queue is named after
    std::vector<std::string> methods{};
    TopologyOverrides queue_overrides{};
    TopologyOverrides exchange_overrides{};
    std::vector<Exchange> exchanges{};  // exchanges whose shape the configuration gives itself
};

/// What a client wants in the broker to get replies by, when its protocol says that.
struct ReplyTopology {
    Topology topology{};    // one queue, which is consumed, and how messages get there
    std::string address{};  // what requests say as reply_to
};

enum class Preparation : std::uint8_t { of_method, of_server };

/// in   a text that no other connection has, for names
using MakeReplyTopology = std::function<ReplyTopology(std::string_view unique)>;

/// One way to speak RPC in messages with addresses: between a `MessageView` and a `Call` or
/// `Response`. Pure: bytes in, bytes out; no clock, no I/O, no state.          thread any
class MessageProtocol {
public:
    virtual ~MessageProtocol() = default;

    virtual std::string_view name() const noexcept = 0;

    // The server's side

    /// in   a received message; views of the result belong to it and to `arena`
    /// err  invalid_request (json_invalid and the like) | overloaded (body over the limit);
    ///      the failure is answered like any other
    virtual std::expected<Call, Failure> decode_call(const MessageView& request,
                                                     Arena& arena) const = 0;

    /// The reply message, or nullopt when the request names nobody to reply to.
    /// in   `body` is overwritten and viewed by the result, as are `address` and, by the headers
    ///      alone, `arena`
    /// err  none: what cannot be written (a float that is no number, say) becomes an `internal`
    ///      failure's reply, and `unwritable` then says which part of the response it is, and why
    virtual std::optional<MessageView> encode_response(const ReplyAddress& address,
                                                       const Response& response, Arena& arena,
                                                       std::string& body,
                                                       std::string* unwritable = nullptr) const = 0;

    /// Note what of a request `encode_response` needs beside its address.
    /// in   call: null when the request could not be decoded
    virtual void remember(const MessageView&, const Call* /*call*/, ReplyAddress&) const {}

    /// Whom a reply of this protocol goes to, for another one in its place.
    virtual ReplyAddress address_of(const MessageView& reply) const {
        return {.exchange = std::string{reply.exchange},
                .reply_to = std::string{reply.routing_key},
                .correlation_id = std::string{reply.correlation_id}};
    }

    virtual Topology server_topology(const ServerTopologyOptions& options) const = 0;

    // The client's side

    /// The request message.
    /// in   server: as in `ServerTopologyOptions`; `body` is overwritten and viewed, as are `call`,
    ///      `server`, `reply_to` and `arena`
    virtual std::expected<MessageView, Failure> encode_call(const Call& call,
                                                            std::string_view server,
                                                            std::string_view reply_to, Arena& arena,
                                                            std::string& body) const = 0;

    /// out  a success; views belong to `reply` and `arena`
    /// err  what the peer answered instead, owning all of it; internal when the reply cannot be
    ///      read (then the peer's words are in peer_text)
    virtual std::expected<Response, Failure> decode_response(const MessageView& reply,
                                                             Arena& arena) const = 0;

    /// The queue that a server of this name consumes.
    virtual std::string server_queue(std::string_view server) const { return std::string{server}; }
    /// Whether calls wait for what their method or what their server needs.
    virtual Preparation preparation() const noexcept { return Preparation::of_method; }
    /// What must be there before a call is sent: what is bound so that a method's replies reach the
    /// client's queue, or of a client with a `MakeReplyTopology` the exchanges that must exist.
    /// in   name: of the method or the server, as `preparation` says
    virtual std::vector<Binding> reply_bindings(std::string_view name) const = 0;
};

}  // namespace warren::protocol
