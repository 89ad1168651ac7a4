#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "format/compression.hpp"
#include "protocol/call.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace warren::protocol {

/// What a protocol has to know of a request when its response passes: kept by the server from the
/// request until its reply, and by the client from the call until its response.
struct StreamTicket {
    std::uint32_t id = 0;          // as on the wire; 0 where the protocol has none
    bool wants_response = true;    // false: a notification
    bool accepts_message = false;  // of a success, beside its result
    /// Of its result, as its caller wants it and its server may.
    format::Compression compression = format::Compression::none;
    bool speaks_other = false;          // than its listener's protocol: answered in its own
    std::uint8_t key = 0;               // which key signed the request, from 1; 0: not signed
    std::array<std::byte, 16> nonce{};  // of a signed request
};

/// In which order the responses of one connection come.
enum class ResponseOrder : std::uint8_t {
    any,           // each says which request it answers
    as_requested,  // one request at a time
};

/// Whose protocol it is, where that matters.
enum class StreamSide : std::uint8_t { server, client };

/// Who the messages go to: another framework's peer gets no metadata, as it would take it for an
/// argument.
enum class RpcPeer : std::uint8_t { warren, foreign };

/// Which calls end when nobody waits for them any more.
enum class Cancelled : std::uint8_t {
    always,
    if_begun,  // others run, as they may be waited for by nobody from the beginning
};

struct StreamStep {
    enum class State : std::uint8_t {
        need_more,
        complete,    // one message, good or refused; the next follows after `size_bytes`
        skipped,     // bytes of a message that was told of already, to be dropped
        unread,      // of a quick decoder: one whole message, which another one has to read
        cancelled,   // of a server: nobody waits any more for the response to the ticket's request
        credit,      // of a server: the caller of the ticket's request is done with `bytes_done`
        heartbeat,   // of a server: the peer says that it is there; answered, where it wants that
        unreadable,  // of messages kept apart: no request or answer, but the next may be one
        broken,      // nothing that follows can be read: answer, and close
    };

    State state = State::need_more;
    std::size_t size_bytes = 0;
    std::size_t wanted_bytes = 1;  // of need_more: how long the input must be to get on
};

/// The requests of one connection.          thread one at a time
class StreamCallDecoder {
public:
    virtual ~StreamCallDecoder() = default;
    /// Read the request that `input` starts with.
    /// in   after need_more: the same bytes and what has come since, at any address
    ///      unix_ms: the time of day, which signatures bear
    virtual StreamStep next(std::span<const std::byte> input, std::int64_t unix_ms,
                            Arena& arena) = 0;

    /// Whether the input goes on with a message that was told of already, which another decoder
    /// would take for the next one.
    virtual bool is_skipping() const noexcept { return false; }

    // Of the last step, if it was not need_more or skipped (the call: nor heartbeat, nor unread;
    // the ticket of unread: what its beginning says); views of its input, its arena and this.

    /// err  what is wrong with it: to be answered
    std::expected<Call, Failure> call{};
    StreamTicket ticket{};
    Cancelled cancelled = Cancelled::always;  // of cancelled
    std::uint64_t bytes_done = 0;  // of credit: of the request's parts, from the first one
};

/// The responses of one connection.          thread one at a time
class StreamResponseDecoder {
public:
    virtual ~StreamResponseDecoder() = default;
    /// Read the response that `input` starts with, as `StreamCallDecoder::next` reads a request.
    virtual StreamStep next(std::span<const std::byte> input, std::int64_t unix_ms,
                            Arena& arena) = 0;
    /// The id of the request that the last step's message answers; 0 where the protocol has none,
    /// and of what answers no request.
    virtual std::uint32_t id() const noexcept = 0;
    /// What the last step's message is answered where it is a request of the peer's; empty:
    /// nothing.
    virtual std::string_view refusal() const noexcept { return {}; }
    /// What the last step's message says to a request.
    /// in   ticket: as `encode_call` left it
    /// err  the peer's failure, owning all of it; unauthenticated: not signed as it must be;
    ///      internal: it cannot be read
    virtual std::expected<Response, Failure> response(const StreamTicket& ticket) = 0;
    /// What is wrong with the stream or message; of a step that was broken or unreadable.
    virtual const Failure& failure() const noexcept = 0;
};

/// One way to speak RPC over a stream of bytes: between bytes and a `Call` or `Response`.
/// Pure: bytes and the time of day in, bytes out; no clock, no I/O.
/// thread any, where nothing else is said; what it makes outlives it not
class StreamProtocol {
public:
    virtual ~StreamProtocol() = default;

    virtual std::string_view name() const noexcept = 0;
    virtual ResponseOrder response_order() const noexcept = 0;
    /// Whether a call may have more than one response: parts, and its end.
    virtual bool has_parts() const noexcept { return false; }

    // The server's side

    /// One that reads every request, however long it takes.
    /// err  of its `next`: throws `Arena::Full` and std::bad_alloc
    virtual std::unique_ptr<StreamCallDecoder> make_call_decoder() = 0;
    /// One that leaves a request `unread` that has more bytes, or does not fit into the arena's
    /// budget: for a thread that has others to care for.
    /// thread one: all quick decoders of a protocol are used by the same
    virtual std::unique_ptr<StreamCallDecoder> make_quick_call_decoder(std::size_t /*bytes_max*/) {
        return make_call_decoder();
    }
    /// Append the reply, where one is wanted.
    /// out  why it could not be sent and became an `internal` failure's reply; empty: it could
    virtual std::string encode_response(const StreamTicket& ticket, const Response& response,
                                        std::int64_t unix_ms, std::string& out) const = 0;

    // The client's side

    /// A method whose call shows that a server lives, and does nothing; empty: there is none.
    virtual std::string_view probe_method() const noexcept { return {}; }
    virtual std::unique_ptr<StreamResponseDecoder> make_response_decoder() const = 0;
    /// Append a request.
    /// in   ticket: its id and whether a response is wanted; what else it needs is filled in
    /// err  invalid_request for what cannot be sent; `out` is as it was before
    virtual std::expected<void, Failure> encode_call(const Call& call, StreamTicket& ticket,
                                                     std::int64_t unix_ms,
                                                     std::string& out) const = 0;
    /// Append that nobody waits any more for the response to a request.
    /// out  false, and nothing, where the peer is not known to understand that
    virtual bool encode_cancellation(std::uint32_t /*id*/, Cancelled /*which*/,
                                     std::int64_t /*unix_ms*/, std::string& /*out*/) const {
        return false;
    }
    /// Append that so many bytes of a request's parts, from the first one, need no more room. Of
    /// protocols with parts.
    virtual void encode_credit(std::uint32_t /*id*/, std::uint64_t /*bytes_done*/,
                               std::int64_t /*unix_ms*/, std::string& /*out*/) const {}
};

}  // namespace warren::protocol
