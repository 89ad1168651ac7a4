#include "protocol/arrpc_protocol.hpp"

#include "protocol/arrpc.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/message_view.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace warren::protocol {
namespace {

/// What a message is that more bytes came with, for a person.
std::string described(std::span<const std::byte> input, std::size_t size_bytes) {
    constexpr std::array<std::string_view, 6> http{"HTTP/", "GET ", "HEAD ",
                                                   "POST ", "PUT ", "OPTIONS "};
    const std::string_view text = text_of(input);
    const bool is_http =
        std::ranges::any_of(http, [text](std::string_view word) { return text.starts_with(word); });
    return is_http ? std::string{"it is HTTP"}
                   : std::to_string(input.size() - size_bytes) +
                         " more bytes came with a MessagePack value, and one value is all of it";
}

/// Nobody who speaks this protocol sends on before the other side's turn; and anything at all
/// begins with some value, as "GET /" does with 71. What comes with more behind it is no message.
/// in   why: makes a failure of a description
template <typename Content, typename Why>
StreamStep step_of(ArrpcMessage<Content>& message, std::span<const std::byte> input,
                   std::size_t wanted_bytes, Why why) {
    using State = ArrpcMessage<Content>::State;
    const bool is_whole = message.state == State::complete || message.state == State::unread;
    if (is_whole && message.size_bytes != input.size()) [[unlikely]] {
        message = {.state = State::broken,
                   .content = std::unexpected{why(described(input, message.size_bytes))}};
    }
    switch (message.state) {
    case State::need_more:
        return {.wanted_bytes = wanted_bytes};
    case State::complete:
        return {.state = StreamStep::State::complete, .size_bytes = message.size_bytes};
    case State::unread:
        return {.state = StreamStep::State::unread, .size_bytes = message.size_bytes};
    case State::broken:
        return {.state = StreamStep::State::broken};
    }
    std::unreachable();
}

class ArrpcCallDecoder final : public StreamCallDecoder {
public:
    explicit ArrpcCallDecoder(const ArrpcServerCodec& codec) : codec_{codec} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        ArrpcMessage<Call> message = codec_.next(input, arena);
        const StreamStep step =
            step_of(message, input, codec_.bytes_wanted(), [](const std::string& what) {
                return refused_request("This is no message of arrpc: " + what, "message_type");
            });
        call = std::move(message.content);
        ticket.key = codec_.key();
        return step;
    }

private:
    ArrpcServerCodec codec_;
};

class ArrpcResponseDecoder final : public StreamResponseDecoder {
public:
    explicit ArrpcResponseDecoder(const core::Limits& limits) : codec_{{}, limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        ArrpcMessage<Response> message = codec_.next(input, arena);
        const StreamStep step =
            step_of(message, input, codec_.bytes_wanted(), [](const std::string& what) {
                return Failure{.code = Code::contract_mismatch,
                               .message = "What answers there does not speak arrpc (" + what +
                                          "); check port, scheme and protocol"};
            });
        response_ = std::move(message.content);
        return step;
    }

    std::uint32_t id() const noexcept override { return 0; }
    std::expected<Response, Failure> response(const StreamTicket&) override { return response_; }
    const Failure& failure() const noexcept override { return response_.error(); }

private:
    ArrpcClientCodec codec_;
    std::expected<Response, Failure> response_{};
};

class ArrpcProtocol final : public StreamProtocol {
public:
    ArrpcProtocol(std::string method, const std::vector<std::string>& auth_secrets,
                  const core::Limits& limits)
        : limits_{limits},
          server_{std::move(method), auth_secrets, limits},
          client_{auth_secrets.empty() ? std::string_view{} : auth_secrets.front(), limits} {}

    std::string_view name() const noexcept override { return "arrpc"; }
    ResponseOrder response_order() const noexcept override { return ResponseOrder::as_requested; }

    std::unique_ptr<StreamCallDecoder> make_call_decoder() override {
        return std::make_unique<ArrpcCallDecoder>(server_);
    }
    std::unique_ptr<StreamCallDecoder> make_quick_call_decoder(std::size_t bytes_max) override {
        ArrpcServerCodec quick = server_;
        quick.be_quick(bytes_max);
        return std::make_unique<ArrpcCallDecoder>(quick);
    }

    std::string encode_response(const StreamTicket&, const Response& response, std::int64_t,
                                std::string& out) const override {
        return server_.encode_response(response, out);
    }

    std::unique_ptr<StreamResponseDecoder> make_response_decoder() const override {
        return std::make_unique<ArrpcResponseDecoder>(limits_);
    }

    std::expected<void, Failure> encode_call(const Call& call, StreamTicket& ticket, std::int64_t,
                                             std::string& out) const override {
        if (!ticket.wants_response) {
            return std::unexpected{
                refused_request("arrpc has no one-way calls: every request is answered",
                                "notification_unsupported")};
        }
        ticket.id = 0;
        return client_.encode_call(call, out);
    }

private:
    core::Limits limits_;
    ArrpcServerCodec server_;  // each connection's decoder is a copy
    ArrpcClientCodec client_;
};

}  // namespace

std::unique_ptr<StreamProtocol> make_arrpc_protocol(std::string method,
                                                    const std::vector<std::string>& auth_secrets,
                                                    const core::Limits& limits) {
    return std::make_unique<ArrpcProtocol>(std::move(method), auth_secrets, limits);
}

}  // namespace warren::protocol
