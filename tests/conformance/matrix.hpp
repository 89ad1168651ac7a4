#pragma once

#include <warren/listener.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace warren::conformance {

/// What a protocol carries, as far as the suite has to know and the protocol itself does not say.
struct ProtocolTraits {
    std::string_view name;  // as in an address
    enum class Positions : std::uint8_t { carried, one_is_bare, refused } positions;
    /// What a plain function's only argument travels as.
    enum class OneNamed : std::uint8_t { with_its_name, bare } one_named;
    enum class Messages : std::uint8_t { carried, dropped } messages;  // of successful replies
    /// Of failures: the code, errors and data; only a text that says it all; or the code, and an
    /// exception whose text says the rest.
    enum class Failures : std::uint8_t { carried, texts, exceptions } failures;
    /// Whether calls of one client reach the server in the order they were made.
    enum class Order : std::uint8_t { kept, lost } order;
    /// What a server hears of who waits no more: of each call, or of clients that end.
    enum class Cancels : std::uint8_t { calls, clients, nothing } cancels;
    /// What becomes of a body over the limit: refused by itself, before it is read or by its
    /// reader, or with all that follows it.
    enum class Oversized : std::uint8_t { refused, refused_by_reader, ends_connection } oversized;
    std::string_view format{};     // of callme
    std::size_t text_frame_bytes;  // of a body with one text argument "value", beside the text
};

/// Where the two sides meet.
enum class Meeting : std::uint8_t {
    at_queues,     // of a broker, by its address and a name
    at_listeners,  // of the server, where it says that it listens
};

/// One way from a client to a server: a transport, a protocol and how replies come back.
struct Cell {
    std::string_view name;  // begins with the transport's, which chooses the cells of a ctest entry
    std::string (*address)();  // of the broker or the server, without parameters
    const ProtocolTraits& traits;
    std::string (*client_parameters)() = nullptr;
    Meeting meeting = Meeting::at_queues;
    std::optional<ListenerTls> (*tls)() = nullptr;
    std::string_view auth_secret{};  // of both sides
    ListenerZmq (*zmq)() = nullptr;

    friend std::ostream& operator<<(std::ostream& out, const Cell& cell) {
        return out << cell.name;
    }
};

/// All that there are: a new transport is a line here, and so is a new protocol.
std::span<const Cell> matrix();

}  // namespace warren::conformance
