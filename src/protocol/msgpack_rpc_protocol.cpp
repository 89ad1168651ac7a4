#include "protocol/msgpack_rpc_protocol.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"
#include "format/msgpack/msgpack_skip.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/msgpack_rpc_names.hpp"
#include "protocol/msgpack_rpc_skip.hpp"
#include "protocol/pyzmqrpc_reply.hpp"
#include "protocol/pyzmqrpc_text.hpp"
#include "protocol/reply_limits.hpp"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace warren::protocol {
namespace {

using State = StreamStep::State;

/// Answered by servers of Warren's own before they look for a method; by others with an error,
/// which shows as much.
constexpr std::string_view ping = "$warren.ping";

/// What a client answers to a request: seen again, it comes from a peer that is an echo.
constexpr std::string_view client_has_no_methods = "This is a client, which has no methods";

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

    StreamStep next(std::span<const std::byte> input, std::int64_t unix_ms, Arena& arena) override {
        if (!skip_.is_over()) [[unlikely]] {
            ticket.wants_response = false;
            call = std::unexpected{decoder_.failure()};
            return skip_.resume(input);
        }
        RpcStep step = decoder_.next(input, arena);
        if (step.state == RpcStep::State::need_more) {
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
        if (step.state == RpcStep::State::unread) {
            return {.state = State::unread, .size_bytes = step.size_bytes};
        }
        ticket.accepts_message = message.metadata.accepts_message;
        ticket.compression = may_compress_ ? message.metadata.accepts : format::Compression::none;
        if (message.kind == RpcKind::response) {
            call = std::unexpected{refused_request(
                "A server was sent a response, and has asked nothing", "message_type")};
            return {.state = whole_messages_ ? State::unreadable : State::broken,
                    .size_bytes = step.size_bytes};
        }
        if (step.state == RpcStep::State::complete) [[likely]] {
            call = message.call;
        } else {
            call = std::unexpected{decoder_.failure()};
        }
        // Whatever else is wrong with it, nobody is told who did not sign.
        if (auto trusted = authenticate(input.first(step.size_bytes), unix_ms); !trusted) {
            call = std::unexpected{std::move(trusted.error())};
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
        const bool is_ping = call && call->method == ping && ticket.wants_response;
        return {.state = is_ping ? State::heartbeat : State::complete,
                .size_bytes = step.size_bytes};
    }

private:
    /// Of a stream nothing more is read, but behind a request that is over a limit. Of messages
    /// this one is refused, if it is a request as far as can be seen, or passed over.
    StreamStep broken(const RpcStep& step, std::span<const std::byte> input) {
        const RpcKind kind = decoder_.message().kind;
        ticket.wants_response = step.has_id && kind == RpcKind::request && !one_way_;
        call = std::unexpected{decoder_.failure()};
        if (!whole_messages_) {
            return skip_.begin(step, decoder_, input);
        }
        decoder_.begin_anew();
        if (is_pyzmqrpc_text(input)) {
            ticket = {.wants_response = !one_way_, .speaks_other = true};
            call = std::unexpected{pyzmqrpc_undecodable(
                "this is a message of pyzmqrpc, and here msgpack-rpc is spoken (protocol)", {},
                "protocol_mismatch")};
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

    StreamStep cancellation(std::size_t size_bytes) {
        const Value& arguments = call->arguments;
        const std::span<const Value> items =
            arguments.is_list() ? arguments.as_list() : std::span{&arguments, 1};
        const bool if_begun = items.size() == 2 && items[1] == Value::text(rpc_cancel_begun);
        cancelled = if_begun ? Cancelled::if_begun : Cancelled::always;
        if (take_id(items.size() == 1 || if_begun ? items[0] : Value{})) {
            return {.state = State::cancelled, .size_bytes = size_bytes};
        }
        call = std::unexpected{
            refused_request("What is cancelled is the id of a request", "cancel_id")};
        return {.state = State::complete, .size_bytes = size_bytes};
    }

    StreamStep credit(std::size_t size_bytes) {
        const Value& arguments = call->arguments;
        if (arguments.is_list() && arguments.as_list().size() == 2 &&
            take_id(arguments.as_list()[0]) &&
            arguments.as_list()[1].kind() == Value::Kind::int64) {
            bytes_done = static_cast<std::uint64_t>(arguments.as_list()[1].as_int64());
            return {.state = State::credit, .size_bytes = size_bytes};
        }
        call = std::unexpected{refused_request(
            "Credit is the id of a request and a number of bytes", "credit_arguments")};
        return {.state = State::complete, .size_bytes = size_bytes};
    }

    std::expected<void, Failure> authenticate(std::span<const std::byte> request,
                                              std::int64_t unix_ms) {
        if (signer_ != nullptr) {
            return signer_->verify_request(request, unix_ms, *nonces_, ticket);
        }
        if (!decoder_.message().metadata.auth.is_null()) [[unlikely]] {
            return std::unexpected{Failure{
                .code = Code::unauthenticated,
                .message = "The request is signed, and this server has no secret to check it and "
                           "to sign the answer with (auth_secrets)"}};
        }
        return {};
    }

    std::shared_ptr<const MessageSigner> signer_;
    std::shared_ptr<NonceMemory> nonces_;
    bool whole_messages_;
    bool one_way_;
    bool may_compress_;
    MsgpackRpcDecoder decoder_;
    MsgpackRpcSkip skip_;
};

class MsgpackRpcResponseDecoder final : public StreamResponseDecoder {
public:
    MsgpackRpcResponseDecoder(const MsgpackRpcOptions& options, const core::Limits& limits)
        : signer_{options.signer},
          whole_messages_{options.whole_messages},
          limits_{limits},
          decoder_{limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        if (!skip_.is_over()) [[unlikely]] {
            return {.state = State::skipped, .size_bytes = skip_.resume(input)};
        }
        RpcStep step = decoder_.next(input, arena);
        if (step.state == RpcStep::State::need_more) {
            if (!whole_messages_) {
                return {.wanted_bytes = decoder_.bytes_wanted()};
            }
            step = decoder_.cut_short(input);
        }
        over_limit_.reset();
        if (step.state == RpcStep::State::broken) {
            if (step.has_id && decoder_.message().kind == RpcKind::response) {
                over_limit_ = reply_over_limit(decoder_.failure().errors.front().type, limits_);
            }
            if (over_limit_) {
                return begin_skipping(input);
            }
            return whole_messages_ ? broken_message(step, input)
                                   : broken(decoder_.failure().errors.front().message);
        }
        is_spoken_ = true;
        is_response_ = decoder_.message().kind == RpcKind::response;
        refusal_.clear();
        if (decoder_.message().kind == RpcKind::request) [[unlikely]] {
            rpc_encode_response(decoder_.message().id,
                                {.failure = Code::no_such_method, .message = client_has_no_methods},
                                refusal_);
        }
        is_refused_ = step.state == RpcStep::State::refused;
        if (is_refused_ && is_response_) [[unlikely]] {
            // As of one that is compressed.
            over_limit_ = reply_over_limit(decoder_.failure().errors.front().type, limits_);
        }
        bytes_ = input.first(step.size_bytes);
        return {.state = State::complete, .size_bytes = step.size_bytes};
    }

    std::uint32_t id() const noexcept override { return is_response_ ? decoder_.message().id : 0; }
    std::string_view refusal() const noexcept override { return refusal_; }

    std::expected<Response, Failure> response(const StreamTicket& ticket) override {
        if (over_limit_) [[unlikely]] {
            return std::unexpected{*over_limit_};
        }
        if (signer_ != nullptr) {
            if (auto trusted = signer_->verify_response(bytes_, ticket); !trusted) {
                return std::unexpected{with_claim(std::move(trusted.error()))};
            }
        }
        if (is_refused_) {
            return std::unexpected{unreadable("answer", decoder_.failure().errors.front().message)};
        }
        auto response = rpc_response(decoder_.message());
        if (!response && response.error().message == client_has_no_methods) [[unlikely]] {
            return std::unexpected{not_spoken("it sends back what it is sent")};
        }
        return response;
    }

    const Failure& failure() const noexcept override { return failure_; }

private:
    /// A response that is not taken is passed over; those that follow are none the worse for it.
    StreamStep begin_skipping(std::span<const std::byte> input) {
        is_spoken_ = true;
        is_response_ = true;
        refusal_.clear();
        decoder_.begin_anew();
        skip_ = {};
        std::size_t size_bytes = skip_.resume(input);
        if (whole_messages_) {
            size_bytes = input.size();
            skip_ = format::MsgpackSkip::nothing();
        }
        return {.state = State::complete, .size_bytes = size_bytes};
    }

    /// What a response says that is not believed may still help to find out what is wrong.
    Failure with_claim(Failure failure) const {
        if (const auto claimed = rpc_response(decoder_.message()); !is_refused_ && !claimed) {
            failure.peer_text =
                core::text_for_display(to_string(claimed.error()), limits_.peer_text_bytes_max);
        }
        return failure;
    }

    /// Of messages one that cannot be read is a response, if its beginning says to what, or is
    /// passed over.
    StreamStep broken_message(const RpcStep& step, std::span<const std::byte> input) {
        decoder_.begin_anew();
        const std::string& why = decoder_.failure().errors.front().message;
        if (step.has_id && decoder_.message().kind == RpcKind::response) {
            is_spoken_ = true;
            is_response_ = true;
            is_refused_ = true;
            refusal_.clear();
            bytes_ = input;
            return {.state = State::complete, .size_bytes = input.size()};
        }
        failure_ = is_spoken_ ? unreadable("answer", why) : not_spoken(why);
        return {.state = State::unreadable, .size_bytes = input.size()};
    }

    StreamStep broken(std::string_view why) {
        failure_ = is_spoken_ ? unreadable("answers", why) : not_spoken(why);
        return {.state = State::broken};
    }

    static Failure not_spoken(std::string_view why) {
        return {.code = Code::contract_mismatch,
                .message = "What answers there does not speak MessagePack-RPC (" +
                           std::string{why} + "); check port, scheme and protocol"};
    }

    static Failure unreadable(std::string_view what, std::string_view why) {
        return {.code = Code::internal,
                .message =
                    "The server's " + std::string{what} + " cannot be read: " + std::string{why}};
    }

    std::shared_ptr<const MessageSigner> signer_;
    bool whole_messages_;
    core::Limits limits_;
    MsgpackRpcDecoder decoder_;
    std::span<const std::byte> bytes_;  // of the last step's message
    bool is_spoken_ = false;            // a message was read, whatever it says
    bool is_response_ = false;
    bool is_refused_ = false;
    std::string refusal_;
    std::optional<Failure> over_limit_;  // of the last step's message
    format::MsgpackSkip skip_ = format::MsgpackSkip::nothing();
    Failure failure_;
};

class MsgpackRpcProtocol final : public StreamProtocol {
public:
    MsgpackRpcProtocol(const MsgpackRpcOptions& options, const core::Limits& limits)
        : options_{options}, limits_{limits} {
        WARREN_ASSERT(options.signer == nullptr || options.peer == RpcPeer::warren);
    }

    std::string_view name() const noexcept override { return "msgpack-rpc"; }
    ResponseOrder response_order() const noexcept override { return ResponseOrder::any; }
    std::string_view probe_method() const noexcept override {
        return options_.one_way ? std::string_view{} : ping;
    }

    std::unique_ptr<StreamCallDecoder> make_call_decoder() override {
        return std::make_unique<MsgpackRpcCallDecoder>(options_, limits_, 0);
    }
    std::unique_ptr<StreamCallDecoder> make_quick_call_decoder(std::size_t bytes_max) override {
        return std::make_unique<MsgpackRpcCallDecoder>(options_, limits_, bytes_max);
    }

    std::string encode_response(const StreamTicket& ticket, const Response& response, std::int64_t,
                                std::string& out) const override {
        if (!ticket.wants_response) {
            return {};
        }
        const std::size_t start = out.size();
        std::string unwritable = write_response(ticket, response, out);
        const std::size_t size_bytes = out.size() - start;
        if (size_bytes > limits_.body_bytes_max) [[unlikely]] {
            out.resize(start);
            unwritable = oversized_reply_message(size_bytes, limits_);
            write_response(ticket, {.failure = Code::internal, .message = unwritable}, out);
        }
        return unwritable;
    }

    std::unique_ptr<StreamResponseDecoder> make_response_decoder() const override {
        return std::make_unique<MsgpackRpcResponseDecoder>(options_, limits_);
    }

    std::expected<void, Failure> encode_call(const Call& call, StreamTicket& ticket,
                                             std::int64_t unix_ms,
                                             std::string& out) const override {
        if (options_.one_way && ticket.wants_response) {
            return std::unexpected{one_way_only()};
        }
        if (auto refused = refuse_mixed(call)) {
            return std::unexpected{std::move(*refused)};
        }
        const std::size_t start = out.size();
        auto written = write_call(call, ticket, unix_ms, out);
        const std::size_t size_bytes = out.size() - start;
        if (written && size_bytes > limits_.body_bytes_max) [[unlikely]] {
            out.resize(start);
            return std::unexpected{oversized_request(size_bytes, limits_)};
        }
        return written;
    }

    bool encode_cancellation(std::uint32_t id, Cancelled which, std::int64_t unix_ms,
                             std::string& out) const override {
        if (options_.peer != RpcPeer::warren || options_.one_way) {
            return false;
        }
        const std::array arguments{Value::integer(id), Value::text(rpc_cancel_begun)};
        return write_notice(rpc_cancel_method,
                            std::span{arguments}.first(which == Cancelled::if_begun ? 2 : 1),
                            unix_ms, out);
    }

    bool has_parts() const noexcept override {
        return options_.peer == RpcPeer::warren && !options_.one_way;
    }

    void encode_credit(std::uint32_t id, std::uint64_t bytes_done, std::int64_t unix_ms,
                       std::string& out) const override {
        const std::array arguments{Value::integer(id),
                                   Value::integer(static_cast<std::int64_t>(bytes_done))};
        write_notice(rpc_credit_method, arguments, unix_ms, out);
    }

private:
    bool write_notice(std::string_view method, std::span<const Value> arguments,
                      std::int64_t unix_ms, std::string& out) const {
        StreamTicket ticket{.wants_response = false};
        return write_call({.method = method,
                           .style = model::ArgumentStyle::positional,
                           .arguments = Value::list(arguments)},
                          ticket, unix_ms, out)
            .has_value();
    }

    /// Who did not sign, or whose signature was not taken, is answered without one.
    std::string write_response(const StreamTicket& ticket, const Response& response,
                               std::string& out) const {
        if (ticket.speaks_other) [[unlikely]] {
            return pyzmqrpc_write_reply(response, limits_, out);
        }
        const RpcMetadata metadata{.accepts_message = ticket.accepts_message,
                                   .compress = compress(ticket.compression)};
        if (ticket.key != 0) {
            return options_.signer->encode_response(ticket, response, out, metadata);
        }
        return rpc_encode_response(ticket.id, response, out, metadata);
    }

    std::expected<void, Failure> write_call(const Call& call, StreamTicket& ticket,
                                            std::int64_t unix_ms, std::string& out) const {
        ticket.accepts_message = ticket.wants_response;
        const RpcMetadata metadata{
            .accepts_message = ticket.wants_response,
            .accepts = ticket.wants_response ? options_.compression : format::Compression::none,
            .compress = compress(options_.compression)};
        if (options_.signer != nullptr) {
            return options_.signer->encode_request(call, ticket, unix_ms, out, metadata);
        }
        return ticket.wants_response
                   ? rpc_encode_request(ticket.id, call, metadata, options_.peer, out)
                   : rpc_encode_notification(call, metadata, options_.peer, out);
    }

    RpcCompress compress(format::Compression kind) const noexcept {
        return {kind, options_.compress_bytes_min.value_or(0), limits_.body_bytes_max};
    }

    MsgpackRpcOptions options_;
    core::Limits limits_;
};

}  // namespace

std::unique_ptr<StreamProtocol> make_msgpack_rpc_protocol(const MsgpackRpcOptions& options,
                                                          const core::Limits& limits) {
    return std::make_unique<MsgpackRpcProtocol>(options, limits);
}

}  // namespace warren::protocol
