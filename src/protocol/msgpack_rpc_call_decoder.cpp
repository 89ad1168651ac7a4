#include "protocol/msgpack_rpc_call_decoder.hpp"

#include "core/assert.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/msgpack_rpc_names.hpp"
#include "protocol/msgpack_rpc_skip.hpp"
#include "protocol/pyzmqrpc_reply.hpp"
#include "protocol/pyzmqrpc_text.hpp"

#include <limits>
#include <string>
#include <utility>

namespace warren::protocol {
namespace {

using State = StreamStep::State;

class MsgpackRpcCallDecoder final : public StreamCallDecoder {
public:
    MsgpackRpcCallDecoder(const MsgpackRpcOptions& options, const core::Limits& limits,
                          std::size_t quick_bytes_max)
        : signer_{options.signer},
          nonces_{options.nonces},
          whole_messages_{options.whole_messages},
          one_way_{options.one_way},
          may_compress_{options.compress_bytes_min.has_value()},
          decoder_{limits, StreamSide::server, quick_bytes_max} {
        WARREN_ASSERT(signer_ == nullptr || nonces_ != nullptr);
    }

    bool is_skipping() const noexcept override { return !skip_.is_over(); }

    StreamStep next(std::span<const std::byte> input, std::int64_t unix_ms, Arena& arena) override {
        if (!skip_.is_over()) [[unlikely]] {
            ticket.wants_response = false;
            refuse(decoder_.failure());
            return skip_.resume(input);
        }
        RpcStep step = decoder_.next(input, arena);
        if (step.state == RpcStep::State::need_more) [[unlikely]] {
            if (!whole_messages_) {
                return {.wanted_bytes = decoder_.bytes_wanted()};
            }
            step = decoder_.cut_short(input);
        }
        const RpcMessage& message = decoder_.message();
        ticket = {.id = message.id};
        if (step.state == RpcStep::State::broken) [[unlikely]] {
            return broken(step, input);
        }
        ticket.wants_response = message.kind == RpcKind::request && !one_way_;
        if (step.state == RpcStep::State::unread) [[unlikely]] {
            return {.state = State::unread, .size_bytes = step.size_bytes};
        }
        ticket.accepts_message = message.metadata.accepts_message;
        ticket.compression = may_compress_ ? message.metadata.accepts : format::Compression::none;
        if (message.kind == RpcKind::response) [[unlikely]] {
            refuse(refused_request("A server was sent a response, and has asked nothing",
                                   "message_type"));
            return {.state = whole_messages_ ? State::unreadable : State::broken,
                    .size_bytes = step.size_bytes};
        }
        if (step.state == RpcStep::State::complete) [[likely]] {
            call = message.call;
        } else {
            refuse(decoder_.failure());
        }
        // Whatever else is wrong with it, nobody is told who did not sign.
        if (signer_ != nullptr || !message.metadata.auth.is_null()) [[unlikely]] {
            authenticate(input.first(step.size_bytes), unix_ms);
        }
        if (call && message.kind == RpcKind::notification &&
            call->method.starts_with(rpc_names::marker)) [[unlikely]] {
            if (call->method == rpc_cancel_method) {
                return cancellation(step.size_bytes);
            }
            if (call->method == rpc_credit_method) {
                return credit(step.size_bytes);
            }
        }
        const bool is_ping = call && call->method == rpc_ping_method && ticket.wants_response;
        return {.state = is_ping ? State::heartbeat : State::complete,
                .size_bytes = step.size_bytes};
    }

private:
    [[gnu::cold, gnu::noinline]] void refuse(Failure failure) {
        call = std::unexpected{std::move(failure)};
    }

    /// Of a stream nothing more is read, but behind a request that is over a limit. Of messages
    /// this one is refused, if it is a request as far as can be seen, or passed over.
    [[gnu::cold]] StreamStep broken(const RpcStep& step, std::span<const std::byte> input) {
        const RpcKind kind = decoder_.message().kind;
        ticket.wants_response = step.has_id && kind == RpcKind::request && !one_way_;
        refuse(decoder_.failure());
        if (!whole_messages_) {
            return skip_.begin(step, decoder_, input);
        }
        decoder_.begin_anew();
        if (is_pyzmqrpc_text(input)) {
            ticket = {.wants_response = !one_way_, .speaks_other = true};
            refuse(pyzmqrpc_undecodable(
                "this is a message of pyzmqrpc, and here msgpack-rpc is spoken (protocol)", {},
                "protocol_mismatch"));
            return {.state = State::unreadable, .size_bytes = input.size()};
        }
        const bool is_call = ticket.wants_response || kind == RpcKind::notification;
        return {.state = is_call ? State::complete : State::unreadable, .size_bytes = input.size()};
    }

    /// out  false: it is no id
    bool take_id(const Value& id) noexcept {
        if (id.kind() != Value::Kind::int64 || id.as_int64() < 0 ||
            id.as_int64() > std::numeric_limits<std::uint32_t>::max()) {
            return false;
        }
        ticket.id = static_cast<std::uint32_t>(id.as_int64());
        return true;
    }

    [[gnu::noinline]] StreamStep cancellation(std::size_t size_bytes) {
        const Value& arguments = call->arguments;
        const std::span<const Value> items =
            arguments.is_list() ? arguments.as_list() : std::span{&arguments, 1};
        const bool if_begun = items.size() == 2 && items[1] == Value::text(rpc_cancel_begun);
        cancelled = if_begun ? Cancelled::if_begun : Cancelled::always;
        if (take_id(items.size() == 1 || if_begun ? items[0] : Value{})) {
            return {.state = State::cancelled, .size_bytes = size_bytes};
        }
        refuse(refused_request("What is cancelled is the id of a request", "cancel_id"));
        return {.state = State::complete, .size_bytes = size_bytes};
    }

    [[gnu::noinline]] StreamStep credit(std::size_t size_bytes) {
        const Value& arguments = call->arguments;
        if (arguments.is_list() && arguments.as_list().size() == 2 &&
            take_id(arguments.as_list()[0]) &&
            arguments.as_list()[1].kind() == Value::Kind::int64) {
            bytes_done = static_cast<std::uint64_t>(arguments.as_list()[1].as_int64());
            return {.state = State::credit, .size_bytes = size_bytes};
        }
        refuse(refused_request("Credit is the id of a request and a number of bytes",
                               "credit_arguments"));
        return {.state = State::complete, .size_bytes = size_bytes};
    }

    void authenticate(std::span<const std::byte> request, std::int64_t unix_ms) {
        if (signer_ == nullptr) {
            return refuse({.code = Code::unauthenticated,
                           .message = "The request is signed, and this server has no secret to "
                                      "check it and to sign the answer with (auth_secrets)"});
        }
        if (auto trusted = signer_->verify_request(request, unix_ms, *nonces_, ticket); !trusted) {
            refuse(std::move(trusted.error()));
        }
    }

    std::shared_ptr<const MessageSigner> signer_;
    std::shared_ptr<NonceMemory> nonces_;
    bool whole_messages_;
    bool one_way_;
    bool may_compress_;
    MsgpackRpcDecoder decoder_;
    MsgpackRpcSkip skip_;
};

}  // namespace

std::unique_ptr<StreamCallDecoder> make_msgpack_rpc_call_decoder(const MsgpackRpcOptions& options,
                                                                 const core::Limits& limits,
                                                                 std::size_t quick_bytes_max) {
    return std::make_unique<MsgpackRpcCallDecoder>(options, limits, quick_bytes_max);
}

}  // namespace warren::protocol
