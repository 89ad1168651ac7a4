#pragma once

#include <string_view>

/// pyzmqrpc, over ZeroMQ: each message is one frame.
///
///     command    base64(zlib(JSON {"_icmd_": [class name, state]}))
///     reply      JSON {"status_code": int, "status_message": text, "response_message": any}
///     heartbeat  the text below, in a command's place
///
/// A command's class is the method, its state, an object, the named arguments. A state nests
/// commands in the same form; a server takes such a one for its state. A reply has no
/// response_message where that would be null.
///
/// Beside those three, Warren's replies have a member "failure" where the status says less than the
/// catalogue does, which the protocol's own programs pass over; see `failure_value.hpp`.
namespace warren::protocol {

/// Says that a publisher is there, and nothing else.
inline constexpr std::string_view pyzmqrpc_heartbeat = "zmq_sub_heartbeat";

/// What a reply's status_code says.
namespace pyzmqrpc_status {
inline constexpr int ok = 200;
inline constexpr int undecodable = 400;    // the command could not be decoded
inline constexpr int no_service = 451;     // for a command of that class
inline constexpr int exception = 463;      // the service raised one
inline constexpr int not_forwarded = 482;  // by a proxy
}  // namespace pyzmqrpc_status

/// In the place of a command's name, where a text passes that is none.
inline constexpr std::string_view pyzmqrpc_text_method = "(text)";

/// The member that tells a command from any other object.
inline constexpr std::string_view pyzmqrpc_command_key = "_icmd_";
/// What the status_message of every command that cannot be decoded begins with.
inline constexpr std::string_view pyzmqrpc_undecodable_prefix =
    "Incorrectly marshalled command. Incoming message is no proper json formatted string. "
    "Exception: ";

}  // namespace warren::protocol
