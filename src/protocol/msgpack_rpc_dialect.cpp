#include "protocol/msgpack_rpc_dialect.hpp"

#include "protocol/field_errors.hpp"

#include "core/assert.hpp"
#include "core/utf8.hpp"

#include <string>
#include <utility>

namespace warren::protocol {
namespace {

using State = StreamStep::State;

/// Answered by servers of Warren's own before they look for a method; by others with an error,
/// which shows as much.
constexpr std::string_view ping = "$warren.ping";

class CallDecoder final : public StreamCallDecoder {
public:
    CallDecoder(const MsgpackRpcOptions& options, const core::Limits& limits)
        : signer_{options.signer},
          nonces_{options.nonces},
          whole_messages_{options.whole_messages},
          one_way_{options.one_way},
          decoder_{limits} {
        WARREN_ASSERT(signer_ == nullptr || nonces_ != nullptr);
    }

    StreamStep next(std::span<const std::byte> input, std::int64_t unix_ms, Arena& arena) override {
        RpcStep step = decoder_.next(input, arena);
        if (step.state == RpcStep::State::need_more) {
            if (!whole_messages_) {
                return {.wanted_bytes = decoder_.bytes_wanted()};
            }
            step = decoder_.cut_short(input);
        }
        const RpcMessage& message = decoder_.message();
        ticket = {.id = message.id};
        if (step.state == RpcStep::State::broken) {
            ticket.wants_answer = step.has_id && !one_way_;
            call = std::unexpected{decoder_.failure()};
            return {.state = State::broken};
        }
        ticket.wants_answer = message.kind == RpcKind::request && !one_way_;
        ticket.takes_message = message.metadata.takes_message;
        if (message.kind == RpcKind::response) {
            call = std::unexpected{refused_request(
                "A server was sent a response, and has asked nothing", "message_type")};
            return {.state = State::broken};
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
        const bool is_ping = call && call->method == ping && ticket.wants_answer;
        return {.state = is_ping ? State::heartbeat : State::complete,
                .size_bytes = step.size_bytes};
    }

private:
    std::expected<void, Failure> authenticate(std::span<const std::byte> request,
                                              std::int64_t unix_ms) {
        if (signer_ != nullptr) {
            return signer_->take_request(request, unix_ms, *nonces_, ticket);
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
    MsgpackRpcDecoder decoder_;
};

class AnswerDecoder final : public StreamAnswerDecoder {
public:
    AnswerDecoder(const MsgpackRpcOptions& options, const core::Limits& limits)
        : signer_{options.signer},
          whole_messages_{options.whole_messages},
          limits_{limits},
          decoder_{limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        RpcStep step = decoder_.next(input, arena);
        if (step.state == RpcStep::State::need_more) {
            if (!whole_messages_) {
                return {.wanted_bytes = decoder_.bytes_wanted()};
            }
            step = decoder_.cut_short(input);
        }
        if (step.state == RpcStep::State::broken) {
            return broken(decoder_.failure().errors.front().message);
        }
        if (decoder_.message().kind != RpcKind::response) {
            return broken("it sent a request, which a client does not answer");
        }
        is_spoken_ = true;
        is_refused_ = step.state == RpcStep::State::refused;
        bytes_ = input.first(step.size_bytes);
        return {.state = State::complete, .size_bytes = step.size_bytes};
    }

    std::uint32_t id() const noexcept override { return decoder_.message().id; }

    std::expected<Answer, Failure> answer(const StreamTicket& ticket) override {
        if (signer_ != nullptr) {
            if (auto trusted = signer_->verify_response(bytes_, ticket); !trusted) {
                return std::unexpected{with_claim(std::move(trusted.error()))};
            }
        }
        if (is_refused_) {
            return std::unexpected{unreadable("answer", decoder_.failure().errors.front().message)};
        }
        return rpc_answer(decoder_.message(), limits_);
    }

    const Failure& failure() const noexcept override { return failure_; }

private:
    /// What an answer says that is not believed may still help to find out what is wrong.
    Failure with_claim(Failure failure) const {
        if (const auto claimed = rpc_answer(decoder_.message(), limits_);
            !is_refused_ && !claimed) {
            failure.peer_text =
                core::text_for_display(to_string(claimed.error()), limits_.peer_text_bytes_max);
        }
        return failure;
    }

    StreamStep broken(std::string_view why) {
        failure_ =
            is_spoken_
                ? unreadable("answers", why)
                : Failure{.code = Code::contract_mismatch,
                          .message = "What answers there does not speak MessagePack-RPC (" +
                                     std::string{why} + "); check port, scheme and protocol"};
        return {.state = State::broken};
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
    bool is_spoken_ = false;            // an answer was read, whatever it says
    bool is_refused_ = false;
    Failure failure_;
};

class MsgpackRpcDialect final : public StreamDialect {
public:
    MsgpackRpcDialect(const MsgpackRpcOptions& options, const core::Limits& limits)
        : options_{options}, limits_{limits} {
        WARREN_ASSERT(options.signer == nullptr || options.peer == RpcPeer::warren);
    }

    std::string_view name() const noexcept override { return "msgpack-rpc"; }
    AnswerOrder answer_order() const noexcept override { return AnswerOrder::any; }
    std::string_view probe_method() const noexcept override {
        return options_.one_way ? std::string_view{} : ping;
    }

    std::unique_ptr<StreamCallDecoder> make_call_decoder() override {
        return std::make_unique<CallDecoder>(options_, limits_);
    }

    void encode_answer(const StreamTicket& ticket, const Answer& answer, std::int64_t,
                       std::string& out) const override {
        if (!ticket.wants_answer) {
            return;
        }
        const std::size_t start = out.size();
        write_answer(ticket, answer, out);
        const std::size_t size_bytes = out.size() - start;
        if (size_bytes > limits_.body_bytes_max) [[unlikely]] {
            out.resize(start);
            const std::string message = oversized_reply_message(size_bytes, limits_);
            write_answer(ticket, {.failure = Code::internal, .message = message}, out);
        }
    }

    std::unique_ptr<StreamAnswerDecoder> make_answer_decoder() const override {
        return std::make_unique<AnswerDecoder>(options_, limits_);
    }

    std::expected<void, Failure> encode_call(const Call& call, StreamTicket& ticket,
                                             std::int64_t unix_ms,
                                             std::string& out) const override {
        if (options_.one_way && ticket.wants_answer) {
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

private:
    /// Who did not sign, or whose signature was not taken, is answered without one.
    void write_answer(const StreamTicket& ticket, const Answer& answer, std::string& out) const {
        if (ticket.key != 0) {
            options_.signer->encode_response(ticket, answer, out);
        } else {
            rpc_encode_response(ticket.id, answer, out, {.takes_message = ticket.takes_message});
        }
    }

    std::expected<void, Failure> write_call(const Call& call, StreamTicket& ticket,
                                            std::int64_t unix_ms, std::string& out) const {
        ticket.takes_message = ticket.wants_answer;
        if (options_.signer != nullptr) {
            return options_.signer->encode_request(call, ticket, unix_ms, out);
        }
        return ticket.wants_answer ? rpc_encode_request(ticket.id, call, {.takes_message = true},
                                                        options_.peer, out)
                                   : rpc_encode_notification(call, {}, options_.peer, out);
    }

    MsgpackRpcOptions options_;
    core::Limits limits_;
};

}  // namespace

std::unique_ptr<StreamDialect> make_msgpack_rpc_dialect(const MsgpackRpcOptions& options,
                                                        const core::Limits& limits) {
    return std::make_unique<MsgpackRpcDialect>(options, limits);
}

}  // namespace warren::protocol
