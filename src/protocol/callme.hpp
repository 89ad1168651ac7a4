#pragma once

#include <warren/listener.hpp>

#include "core/limits.hpp"
#include "format/pickle/pickle.hpp"
#include "protocol/message_protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace warren::protocol {

/// A server's id as it may be: "server_<id>_queue" has to fit a short string.  [AMQP 0-9-1 4.2.5.3]
inline constexpr std::size_t callme_server_id_bytes_max = 255 - (sizeof("server__queue") - 1);

/// The queue of a server, and the exchange that takes its requests.
std::string callme_queue_of(std::string_view server_id);
std::string callme_exchange_of(std::string_view server_id);

/// How a client gets replies.
/// in   user: as whom it is known to the broker; overrides: of its queue and exchange
MakeReplyTopology callme_reply_topology(std::string user, TopologyOverrides overrides);

/// RPC by function name over a pair of exchanges, made so that a broker's permissions tell who may
/// call whom: requests go to `server_<id>_ex`, replies to the exchange that reply_to names, all
/// with an empty routing key. A client has an exchange `client_<user>_ex_<unique>` of its own.
///
/// Bodies are Python pickles of `callme.protocol.RpcRequest` and `RpcResponse`, which are read as
/// data only, and replies are written in the protocol that the request has; failures are Python's
/// own exceptions (`callme_exceptions.hpp`). In the other formats a request is the map
/// {"func_name", "func_args", "func_kwargs"} and a reply {"result", "message"}, whose message is
/// left out when it is "OK", or {"error": {"code", "message", "errors", "data"}}. Which one a body
/// has its content type says; a pickle is read in the format `pickle` only. Failures also have the
/// headers of `reply_headers.hpp`.
/// in   pickle_protocol: of requests; Python 2 reads at most 2
std::unique_ptr<MessageProtocol> make_callme_protocol(
    CallmeFormat format, const core::Limits& limits = {},
    int pickle_protocol = format::pickle_protocol_default);

}  // namespace warren::protocol
