#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>
#include <warren/value.hpp>

#include "core/limits.hpp"
#include "format/compression.hpp"
#include "format/msgpack/msgpack.hpp"
#include "protocol/call.hpp"
#include "protocol/stream_protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// MessagePack-RPC, and what Warren adds to it:                        [MessagePack-RPC, Protocol]
///
///     request       [0, id, method, params]
///     response      [1, id, error, result]
///     notification  [2, method, params]
///
/// params is the list of the arguments by position, or the list of one map of named arguments, or
/// such a map itself; a list of one map may also be a lone argument, so that is a bare call. A
/// method's name may also be packed as bytes, and a response may bear any integer for an id: one
/// that no request has is 0.
///
/// Metadata is told apart by one rule: the last item of a params list is metadata, and no argument,
/// if and only if it is a map whose first key is the text "$warren". That member's value says what
/// stands before it: "positional" (the list of the rest), "named" or "bare" (one item). Further
/// members, each optional, others being ignored:
///
///     timeout_ms   unsigned integer  how long the caller still waits
///     attempt      unsigned integer  from 1 on
///     key          text              the idempotency key
///     traceparent  text              W3C Trace Context, as tracestate
///     tracestate   text
///     baggage      text              W3C Baggage
///     contract     text              the fingerprint of the contract that the caller has
///     priority     unsigned integer  to 255
///     message      boolean           true: the caller takes a success's message
///     parts        unsigned integer  the caller takes parts: of them, as messages, so many bytes
///                                    may be under way
///     progress     boolean           true: the caller takes progress
///     heartbeat_ms unsigned integer  the caller wants to hear so often that its call is under way
///     accept       text              how the result may be compressed: gzip or zstd
///     compressed   text              the item before is bytes: the arguments (of positional their
///                                    list) as MessagePack that is compressed so
///     auth         map               last of all; its own last member is the code that covers all
///                                    bytes of the message before it: see `message_signing.hpp`
///
/// Warren's encoder appends metadata also where an argument would be taken for it, so that no
/// arguments of any kind are misread. A response has metadata as a fifth item only for a caller
/// that signed its request, takes the message of a success that has one, a compressed result, or
/// has asked for what comes before the end. The value of "$warren" then says which it is: "part",
/// "progress" or "heartbeat", after which more responses to the same request follow, or anything
/// else for the end, the last one. Its members are
///
///     message      text              what the handler said beside its result, but for "OK"
///     number       unsigned integer  of a part: how many came before it; of the end: how many
///                                    parts there were
///     compressed   text              the result is bytes, as above
///     replayed     boolean           true: the call was done before, and this is what it gave
///     then;
///                                    for callers that take a success's message
///     auth         map               as above
///
/// A notification of the method "$warren.cancel" with the lone argument of a request's id says that
/// nobody waits for its response any more, which need not come. With the text "begun" behind the id
/// it says so of a request that is to run all the same if it has not begun. One of "$warren.credit"
/// with the arguments of a request's id and a number says that the caller is done with so many
/// bytes of its parts, counted from the first one.
///
/// error is nil, or {"code", "message"} with, where there are any, "errors" (a list of {"location",
/// "message", "type"}), "data", "retry_after_ms" and "replayed"; of other peers anything.
namespace warren::protocol {

/// Answered by servers of Warren's own before they look for a method; by others with an error,
/// which shows as much.
inline constexpr std::string_view rpc_ping_method = "$warren.ping";

inline constexpr std::string_view rpc_cancel_method = "$warren.cancel";
inline constexpr std::string_view rpc_cancel_begun = "begun";
inline constexpr std::string_view rpc_credit_method = "$warren.credit";

/// What of the messages that are written is compressed.
struct RpcCompress {
    format::Compression kind = format::Compression::none;
    std::size_t bytes_min = format::compress_bytes_min_default;
    std::size_t bytes_max = core::Limits{}.body_bytes_max;  // what is longer is refused anyway

    bool is_for(std::size_t size_bytes) const noexcept {
        return kind != format::Compression::none && size_bytes >= bytes_min &&
               size_bytes <= bytes_max;
    }
};

/// What a call or its response carries beside what `Call` and `Response` have.
struct RpcMetadata {
    Value auth{};                                // null: none
    bool accepts_message = false;                // of a request
    std::string_view message = message_default;  // of a response, as what follows
    ResponseKind kind = ResponseKind::end;
    std::optional<std::uint64_t> number{};
    bool is_replayed = false;                                    // of a response
    format::Compression accepts = format::Compression::none;     // of a request
    format::Compression compressed = format::Compression::none;  // its arguments or result
    RpcCompress compress{};                                      // when it is written
};

enum class RpcKind : std::uint8_t { request = 0, response = 1, notification = 2 };

/// One message; views belong to the input and the arena it was decoded from.
struct RpcMessage {
    RpcKind kind = RpcKind::request;
    std::uint32_t id = 0;  // of requests and responses
    Call call{};           // of requests and notifications
    Value error{};         // of responses: null for success
    Value result{};        // of responses
    RpcMetadata metadata{};
};

struct RpcStep {
    enum class State : std::uint8_t {
        need_more,
        complete,  // see `message`
        unread,    // see of `message` the kind and id; it is whole, but not read
        refused,   // see `failure`, and of `message` the kind and id: answer; the next one follows
        broken,    // see `failure`: no MessagePack-RPC, or over a limit; close
    };

    State state = State::need_more;
    std::size_t size_bytes = 0;  // of the message, 0 when broken
    // Of what is broken: the id of a request or response could be read.
    bool has_id = false;
};

/// Reads the messages of one stream.
/// thread one at a time
class MsgpackRpcDecoder {
public:
    /// in   side: a server takes no keys of maps but text; quick_bytes_max: as of `MsgpackReader`
    explicit MsgpackRpcDecoder(const core::Limits& limits = {},
                               StreamSide side = StreamSide::client,
                               std::size_t quick_bytes_max = 0) noexcept;

    /// Read the message that `input` starts with.
    /// in   after need_more: the same bytes and what has come since, at any address
    /// err  invalid_request in `failure`, for what is refused and broken
    /// cost as MsgpackReader::read
    RpcStep next(std::span<const std::byte> input, Arena& arena);

    /// The rest of what `next` needs more of does not come: refuse what there is, and begin anew.
    /// out  refused or broken
    RpcStep cut_short(std::span<const std::byte> input);
    /// What comes next has nothing to do with what was broken.
    void begin_anew() noexcept { reader_.reset(); }

    /// How long the input must at least be for the next call to get on.
    std::size_t bytes_wanted() const noexcept { return reader_.bytes_wanted(); }
    /// Of the last step, until the next one.
    const RpcMessage& message() const noexcept { return message_; }
    const Failure& failure() const noexcept { return failure_; }

private:
    struct Head {
        bool has_kind = false;
        bool has_id = false;
    };

    Head read_head_of(std::span<const std::byte> input);
    RpcStep refused_by_reader(std::span<const std::byte> input, std::size_t size_bytes,
                              const format::DecodeError& error);
    RpcStep::State take(std::span<const Value> items);
    RpcStep::State read_response(std::span<const Value> items);
    RpcStep::State read_call(const Value& method, const Value& params);
    RpcStep::State read_params(const Value& params);
    RpcStep::State read_metadata(const Value& metadata);
    bool take_message(const Value& value) noexcept;
    RpcStep::State decompress(Arena& arena);
    RpcStep::State refuse_kind();
    RpcStep::State refuse_style();
    RpcStep::State refuse_length(std::string_view form);
    RpcStep::State refuse(RpcStep::State state, std::string message, std::string type);

    core::Limits limits_;
    format::MsgpackLimits reader_limits_;
    bool is_quick_;
    format::MsgpackReader reader_;
    RpcMessage message_;
    Failure failure_;
};

/// What a response says.
/// out  a success; views of the message
/// err  what the peer answered instead, owning all of it; a text or another value of a foreign peer
///      becomes `failed`
std::expected<Response, Failure> rpc_response(const RpcMessage& message);

/// Append a request or a notification.
/// in   `call.arguments` a list when `call.style` is positional
/// err  invalid_request for what MessagePack cannot express; `out` is as it was before
/// cost O(bytes), no allocation but the growth of `out`                              thread any
std::expected<void, Failure> rpc_encode_request(std::uint32_t id, const Call& call,
                                                const RpcMetadata& metadata, RpcPeer peer,
                                                std::string& out);
std::expected<void, Failure> rpc_encode_notification(const Call& call, const RpcMetadata& metadata,
                                                     RpcPeer peer, std::string& out);

/// Append a response.
/// in   metadata: `auth` for a caller that signed, `accepts_message` as the request had it
/// out  why it could not be written and became an `internal` failure's response; empty: it could
std::string rpc_encode_response(std::uint32_t id, const Response& response, std::string& out,
                                const RpcMetadata& metadata = {});

}  // namespace warren::protocol
