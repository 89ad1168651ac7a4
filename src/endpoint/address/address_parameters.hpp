#pragma once

#include <warren/error.hpp>

#include "core/uri.hpp"
#include "endpoint/address/address.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What the readers of the kinds of addresses share.
namespace warren::endpoint {

/// "Unknown <what> '<given>'; known are: ..."
std::unexpected<Failure> unknown(std::string_view what, std::string_view given,
                                 std::span<const std::string_view> known);
/// An unknown parameter of an address. After a secret its name is not shown, which may be a part of
/// the secret, behind an '&' that is not encoded.
/// in   given: all parameters of the address, of which `name` is one
std::unexpected<Failure> unknown_parameter(const Parameters& given, std::string_view name,
                                           std::span<const std::string_view> known);

/// Put what was read where it goes; what could not be read leaves that as it was.
template <typename T, typename Target>
std::expected<void, Failure> store(std::expected<T, Failure> read, Target& target) {
    if (!read) {
        return std::unexpected{std::move(read.error())};
    }
    target = static_cast<Target>(std::move(*read));
    return {};
}

/// err  invalid_request: neither true nor false
std::expected<bool, Failure> read_flag(std::string_view key, std::string_view value);
/// The place of a parameter's value among some words.
std::expected<std::size_t, Failure> index_of(std::string_view key, std::string_view value,
                                             std::span<const std::string_view> words);
/// err  invalid_request: no whole number of that range
std::expected<std::size_t, Failure> read_number(std::string_view key, std::string_view value,
                                                std::size_t least, std::size_t greatest);
/// err  invalid_request: no time, or under `least`
std::expected<std::chrono::milliseconds, Failure> read_time(std::string_view key,
                                                            std::string_view value,
                                                            std::chrono::milliseconds least);
/// What a client says of messages, whatever it is connected by.
inline constexpr std::string_view shared_parameters[] = {"body_bytes_max", "nesting_depth_max",
                                                         "value_count_max", "compress"};
inline constexpr std::string_view compression_words[] = {"gzip", "zstd"};
/// in   key: one of these
std::expected<void, Failure> accept_shared(std::string_view key, std::string_view value,
                                           Address& address);
/// The parts of "host:port,host:port".
std::vector<std::string_view> split_servers(std::string_view servers);

inline constexpr std::string_view peer_words[] = {"warren", "foreign"};  // as RpcPeer has them
inline constexpr std::size_t client_connections_max = 1024;

/// The parameter `protocol`.
/// in   carrier: what has to carry it
std::expected<void, Failure> accept_protocol(std::string_view name, Trait carrier,
                                             Address& address);

/// Read an address without a broker.
/// in   scheme: one of `stream_schemes`
std::expected<Address, Failure> parse_tcp(std::string_view text, std::string_view scheme);

inline constexpr std::string_view zmq_schemes[] = {"zmq+tcp", "zmq+ipc", "zmq+inproc"};
// As ZmqSocketType, and ZmqListenerSocket, have them; and as ZmqSide.
inline constexpr std::string_view zmq_socket_words[] = {"router", "rep", "sub",
                                                        "dealer", "req", "pub"};
inline constexpr std::string_view zmq_side_words[] = {"bind", "connect"};

/// Read an address over ZeroMQ.
/// in   text: begins with one of `zmq_schemes`
std::expected<Address, Failure> parse_zmq(std::string_view text, AddressRole role);

}  // namespace warren::endpoint
