#pragma once

#include <warren/error.hpp>

#include "runtime/executor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// Where the runtime and a transport of byte streams meet, as `transports.hpp` is for messages. All
/// calls happen on the I/O thread of the transport's executor.
namespace warren::runtime {

/// One connection, implemented by the transport. It reads no more while too much output waits.
class StreamConnection {
public:
    virtual ~StreamConnection() = default;
    /// What is appended here leaves at the end of this turn, in one write: then call `touch`.
    virtual std::string& output() noexcept = 0;
    virtual void touch() = 0;
    /// Said while input is gone through and more of it is left: what was appended may leave now.
    /// It does where the peer is likely to be awake and could work on it meanwhile.
    virtual void push() {}
    /// Output that the network has not taken yet; 0 where that is not known.
    virtual std::size_t unsent_bytes() const noexcept { return 0; }
    /// What was appended since the last call is one message; nothing is none. It stays where it is
    /// until it leaves. For transports that keep messages apart, as ZeroMQ does: their input is one
    /// whole message at a time, too.
    virtual void end_message() {}
    /// Take no input until `resume`; what was not consumed is offered again then.
    virtual void pause() = 0;
    virtual void resume() = 0;
    /// Take no more input, write what is due, then close.
    virtual void close_after_output() = 0;
    /// Who the transport vouches that the peer is (the subject of its certificate); may be empty.
    virtual std::string_view peer_identity() const noexcept = 0;
    /// Where the peer is, for people; empty: not known.
    virtual std::string peer_address() const { return {}; }
    /// Whether its server's name has other addresses, should this one turn out to be of no use.
    virtual bool has_alternatives() const noexcept { return false; }
    /// It is of use: what was sent is answered. Of one that ends without this the others come
    /// first next time.
    virtual void prove() noexcept {}
    /// Whether the peer has moved (`StreamSession::on_moved`) since it sent what is offered now.
    virtual bool has_moved() const noexcept { return false; }
    /// Why its requests are refused as `overloaded`; empty: they are not.
    virtual std::string_view overload_reason() const noexcept { return {}; }
};

/// What becomes of a connection's bytes, implemented by the runtime. The transport lets go of it
/// after `on_closed`.
class StreamSession {
public:
    struct Consumed {
        std::size_t bytes = 0;         // of the input, which are not needed any more
        std::size_t wanted_bytes = 1;  // how long the rest must be before it is offered again
        bool is_untaken = false;       // of a message without bytes: it is offered again
    };

    virtual ~StreamSession() = default;
    /// in  all that has arrived and was not taken; valid during the call only. Where messages are
    ///     kept apart, one.
    virtual Consumed on_input(std::span<const std::byte> input) = 0;
    /// A message has come while the connection is paused, and no more of them may wait: answer what
    /// can be answered now; it is dropped.
    virtual void on_overflow(std::span<const std::byte> message) { static_cast<void>(message); }
    /// Nobody takes its responses any more, though what was sent may still come; or the peer is
    /// back. Handlers that run hear of it, and take no place of other calls any more; requests that
    /// have not started may be dropped, where the protocol tells them from what runs in any case.
    virtual void on_reachable(bool is_reachable) { static_cast<void>(is_reachable); }
    /// The peer sends nothing more, and may still take responses. Once, behind its input.
    virtual void on_input_ended() {}
    /// The peer speaks by another connection from now on, and so waits for no response to what it
    /// asked before, unless that says which request it answers.
    virtual void on_moved() {}
    /// How much output waits to leave. Said at the end of each turn that added or wrote any.
    virtual void on_unsent(std::size_t bytes) { static_cast<void>(bytes); }
    /// Whether requests of this connection are under way, so that silence is no reason to close it.
    virtual bool is_busy() const noexcept = 0;
    /// The connection is gone; the last call. Not inside of a call to the connection.
    virtual void on_closed(const Failure& why) = 0;
};

class StreamAcceptorSink {
public:
    virtual ~StreamAcceptorSink() = default;
    /// A peer is connected, and through with TLS.
    virtual std::unique_ptr<StreamSession> on_connected(StreamConnection& connection) = 0;
};

/// A listening socket and its connections.
class StreamAcceptor {
public:
    virtual ~StreamAcceptor() = default;
    virtual Executor& executor() noexcept = 0;
    /// Accept no further connections; those that are there go on.
    virtual void stop_listening() = 0;
    /// Output of all connections that was taken from them and that the network has not yet.
    virtual std::size_t unsent_bytes() const noexcept { return 0; }
};

/// Whether connecting is worth repeating soon.
enum class RetryClass : std::uint8_t {
    passing,    // the network, a server that is down or busy: it may pass by itself
    permanent,  // certificates, say: a person has to act
};

class StreamConnectorSink {
public:
    virtual ~StreamConnectorSink() = default;
    virtual std::unique_ptr<StreamSession> on_connected(std::uint64_t token,
                                                        StreamConnection& connection) = 0;
    virtual void on_connect_failed(std::uint64_t token, const Failure& why, RetryClass retry) = 0;
};

/// Makes connections to servers.
class StreamConnector {
public:
    virtual ~StreamConnector() = default;
    virtual Executor& executor() noexcept = 0;
    /// How many servers there are to choose from.
    virtual std::size_t address_count() const noexcept = 0;
    /// Of one server, for messages, such as "tcp://localhost:8080".
    virtual std::string display(std::size_t address) const = 0;
    /// Whether a server that ends takes no more connections, so that a new one to its address finds
    /// the next server, or none.
    virtual bool finds_next_server() const noexcept { return true; }
    /// Connect, with TLS where it is asked for. The sink hears of the token once, later.
    virtual void connect(std::size_t address, std::uint64_t token) = 0;
    /// What an attempt under way waits for, for messages; empty: nothing that is worth a word.
    virtual std::string progress() const { return {}; }
};

}  // namespace warren::runtime
