#pragma once

#include <warren/error.hpp>
#include <warren/options.hpp>

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/limits.hpp"
#include "protocol/message_dialect.hpp"
#include "transport/amqp/endpoint.hpp"

namespace warren::endpoint {

/// A broker in this process: memory:NAME.
struct MemoryAddress {
    std::string name;
};

/// What an address of a client or a listener says, read and checked.
struct Address {
    std::variant<MemoryAddress, transport::AmqpEndpoint> broker;
    std::string protocol = "cyberfusion";
    std::string queue;   // the server's; of memory: the name, where none is given
    std::string method;  // of protocols without a method on the wire; may be empty
    std::optional<ReplyMode> reply_mode{};
    std::string reply_queue{};

    /// The broker alone, for messages: without credentials.
    std::string display() const;
};

/// Read an address: memory:NAME, amqp://... or amqps://..., with the parameters queue, protocol,
/// method, reply, reply_queue and, of AMQP, `transport::amqp_parameters`.
/// err  invalid_request: an unknown scheme, parameter or value (with the list of known ones), no
///      queue where the protocol has no default; never shows the password
std::expected<Address, Failure> parse_address(std::string_view text);

/// err  invalid_request: no such protocol, with the list of known ones
std::expected<std::unique_ptr<protocol::MessageDialect>, Failure> make_dialect(
    std::string_view protocol, std::string method, const core::Limits& limits = {});

}  // namespace warren::endpoint
