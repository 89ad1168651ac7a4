#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>
#include <warren/value.hpp>

#include "core/limits.hpp"
#include "format/msgpack/msgpack.hpp"
#include "protocol/arrpc_signature.hpp"
#include "protocol/call.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The arrpc protocol: on one stream, one MessagePack object per request and one per reply, in
/// order, without ids. Which method it is, the listener knows.
///
/// A signed request is {"arrpc.sign": hex HMAC-SHA256 of the packed request, "data": packed}, in
/// that order; replies are never signed. A failure is a text that starts with one of two names, so
/// a handler's own text that starts so is read as a failure.
///
/// The protocol's own programs read in blocks of 4096 bytes until one comes short: they wait for
/// ever on a message of a multiple of that length, so none is sent. They never answer a falsy
/// request (null, false, 0, "", or an empty list, map or bytes), and take a falsy reply for none;
/// Warren's server answers them all, and its client takes them all.
namespace warren::protocol {

inline constexpr std::string_view arrpc_auth_error = "arrpc.error.AuthException: ";
inline constexpr std::string_view arrpc_rpc_error = "arrpc.error.RpcException: ";

/// What the stream gave: `content` counts when `state` is not need_more.
template <typename Content>
struct ArrpcMessage {
    enum class State : std::uint8_t {
        need_more,
        complete,  // one message, good or refused; the next follows after `size_bytes`
        unread,    // of a quick codec: one whole message, which another one has to read
        broken,    // nothing that follows can be read: answer, and close
    };

    State state = State::need_more;
    std::size_t size_bytes = 0;
    std::expected<Content, Failure> content{};
};

/// The server's side of one connection.
/// thread one at a time
class ArrpcServerCodec {
public:
    /// in  auth_secrets: a request may be signed under any; none for a server that takes unsigned
    ///     requests, as they are. A copy shares them.
    ArrpcServerCodec(std::string method, std::span<const std::string> auth_secrets,
                     const core::Limits& limits = {});

    /// From now on leave a request unread that has more bytes, or does not fit into the arena.
    void be_quick(std::size_t bytes_max) noexcept;

    /// Read the request that `input` starts with.
    /// in   after need_more: the same bytes and what has come since, at any address
    /// out  a call with one bare argument; views of `input`, `arena` and this object
    /// err  invalid_request | unauthenticated (no signature, or a wrong one)
    /// cost as MsgpackReader::read, and with a secret O(bytes) twice
    ArrpcMessage<Call> next(std::span<const std::byte> input, Arena& arena);
    /// How long the input must at least be for the next call to get on.
    std::size_t bytes_wanted() const noexcept { return reader_.bytes_wanted(); }

    /// Append a reply.
    /// out  why it could not be sent and became a failure's text; empty: it could
    std::string encode_response(const Response& response, std::string& out) const;

    /// Which secret the last request was signed under, from 1; 0: none.
    std::uint8_t key() const noexcept { return key_; }

private:
    std::expected<Value, Failure> opened(const Value& message, Arena& arena);
    bool verifies(std::string_view sign, std::span<const std::byte> packed);

    std::string method_;
    core::Limits limits_;
    std::shared_ptr<const std::vector<ArrpcSignature>> signatures_;  // null: none
    bool is_quick_ = false;
    std::uint8_t key_ = 0;  // of the last request
    format::MsgpackReader reader_;
};

/// The client's side of one connection.
/// thread one at a time
class ArrpcClientCodec {
public:
    explicit ArrpcClientCodec(std::string_view auth_secret, const core::Limits& limits = {});

    /// Append a request: the bare argument, the map of the named ones, a positional one alone, or
    /// the list of several.
    /// err  invalid_request for what MessagePack cannot express, and for what is over the limit or
    ///      would stop the peer (see above) and has no other form; `out` is as it was before
    std::expected<void, Failure> encode_call(const Call& call, std::string& out) const;

    /// Read the reply that `input` starts with, as `ArrpcServerCodec::next` reads a request.
    /// err  unauthenticated | failed: the peer said so | internal: the reply cannot be read
    ArrpcMessage<Response> next(std::span<const std::byte> input, Arena& arena);
    std::size_t bytes_wanted() const noexcept { return reader_.bytes_wanted(); }

private:
    core::Limits limits_;
    std::optional<ArrpcSignature> signature_;
    format::MsgpackReader reader_;
};

}  // namespace warren::protocol
