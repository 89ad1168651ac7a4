#include "protocol/msgpack_rpc_dialect.hpp"

#include "protocol/field_errors.hpp"

#include <string>
#include <utility>

namespace warren::protocol {
namespace {

using State = StreamStep::State;

class CallDecoder final : public StreamCallDecoder {
public:
    explicit CallDecoder(const core::Limits& limits) : decoder_{limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        const RpcStep step = decoder_.next(input, arena);
        if (step.state == RpcStep::State::need_more) {
            return {.wanted_bytes = decoder_.bytes_wanted()};
        }
        const RpcMessage& message = decoder_.message();
        ticket = {.id = message.id};
        if (step.state == RpcStep::State::broken) {
            ticket.wants_answer = step.has_id;
            call = std::unexpected{decoder_.failure()};
            return {.state = State::broken};
        }
        ticket.wants_answer = message.kind == RpcKind::request;
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
        return {.state = State::complete, .size_bytes = step.size_bytes};
    }

private:
    MsgpackRpcDecoder decoder_;
};

class AnswerDecoder final : public StreamAnswerDecoder {
public:
    explicit AnswerDecoder(const core::Limits& limits) : limits_{limits}, decoder_{limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        const RpcStep step = decoder_.next(input, arena);
        if (step.state == RpcStep::State::need_more) {
            return {.wanted_bytes = decoder_.bytes_wanted()};
        }
        if (step.state == RpcStep::State::broken) {
            failure_ = unreadable("answers");
            return {.state = State::broken};
        }
        if (decoder_.message().kind != RpcKind::response) {
            failure_ = {.code = Code::internal,
                        .message = "The server sent a request, which a client does not answer"};
            return {.state = State::broken};
        }
        is_refused_ = step.state == RpcStep::State::refused;
        return {.state = State::complete, .size_bytes = step.size_bytes};
    }

    std::uint32_t id() const noexcept override { return decoder_.message().id; }

    std::expected<Answer, Failure> answer(const StreamTicket&) override {
        if (is_refused_) {
            return std::unexpected{unreadable("answer")};
        }
        return rpc_answer(decoder_.message(), limits_);
    }

    const Failure& failure() const noexcept override { return failure_; }

private:
    Failure unreadable(std::string_view what) const {
        return {.code = Code::internal,
                .message = "The server's " + std::string{what} +
                           " cannot be read: " + decoder_.failure().errors.front().message};
    }

    core::Limits limits_;
    MsgpackRpcDecoder decoder_;
    bool is_refused_ = false;
    Failure failure_;
};

class MsgpackRpcDialect final : public StreamDialect {
public:
    MsgpackRpcDialect(const MsgpackRpcOptions& options, const core::Limits& limits)
        : options_{options}, limits_{limits} {}

    std::string_view name() const noexcept override { return "msgpack-rpc"; }
    AnswerOrder answer_order() const noexcept override { return AnswerOrder::any; }

    std::unique_ptr<StreamCallDecoder> make_call_decoder() override {
        return std::make_unique<CallDecoder>(limits_);
    }

    void encode_answer(const StreamTicket& ticket, const Answer& answer, std::int64_t,
                       std::string& out) const override {
        if (!ticket.wants_answer) {
            return;
        }
        const std::size_t start = out.size();
        rpc_encode_response(ticket.id, answer, out);
        const std::size_t size_bytes = out.size() - start;
        if (size_bytes > limits_.body_bytes_max) [[unlikely]] {
            out.resize(start);
            const std::string message = oversized_reply_message(size_bytes, limits_);
            rpc_encode_response(ticket.id, {.failure = Code::internal, .message = message}, out);
        }
    }

    std::unique_ptr<StreamAnswerDecoder> make_answer_decoder() const override {
        return std::make_unique<AnswerDecoder>(limits_);
    }

    std::expected<void, Failure> encode_call(const Call& call, StreamTicket& ticket, std::int64_t,
                                             std::string& out) const override {
        const std::size_t start = out.size();
        auto written = ticket.wants_answer
                           ? rpc_encode_request(ticket.id, call, {}, options_.peer, out)
                           : rpc_encode_notification(call, {}, options_.peer, out);
        const std::size_t size_bytes = out.size() - start;
        if (written && size_bytes > limits_.body_bytes_max) [[unlikely]] {
            out.resize(start);
            return std::unexpected{oversized_request(size_bytes, limits_)};
        }
        return written;
    }

private:
    MsgpackRpcOptions options_;
    core::Limits limits_;
};

}  // namespace

std::unique_ptr<StreamDialect> make_msgpack_rpc_dialect(const MsgpackRpcOptions& options,
                                                        const core::Limits& limits) {
    return std::make_unique<MsgpackRpcDialect>(options, limits);
}

}  // namespace warren::protocol
