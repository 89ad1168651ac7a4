#pragma once

#include "protocol/cyberfusion.hpp"
#include "protocol/msgpack_rpc_dialect.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>

// Protocols whose responses may have parts, made of others that have none.
namespace warren::runtime::test {

/// A part is marked by its type.
class PartsOverMessages final : public protocol::MessageDialect {
public:
    std::string_view name() const noexcept override { return inner_->name(); }
    bool has_parts() const noexcept override { return true; }
    std::expected<protocol::Call, Failure> decode_call(const protocol::Envelope& request,
                                                       Arena& arena) const override {
        return inner_->decode_call(request, arena);
    }
    std::optional<protocol::Envelope> encode_answer(const protocol::ReplyAddress& address,
                                                    const protocol::Answer& answer, Arena& arena,
                                                    std::string& body,
                                                    std::string* unwritable) const override {
        auto reply = inner_->encode_answer(address, answer, arena, body, unwritable);
        if (reply && answer.is_part) {
            reply->type = "part";
        }
        return reply;
    }
    protocol::Topology server_topology(
        const protocol::ServerTopologyOptions& options) const override {
        return inner_->server_topology(options);
    }
    std::expected<protocol::Envelope, Failure> encode_call(const protocol::Call& call,
                                                           std::string_view server,
                                                           std::string_view reply_to, Arena& arena,
                                                           std::string& body) const override {
        return inner_->encode_call(call, server, reply_to, arena, body);
    }
    std::expected<protocol::Answer, Failure> decode_answer(const protocol::Envelope& reply,
                                                           Arena& arena) const override {
        auto answer = inner_->decode_answer(reply, arena);
        if (answer) {
            answer->is_part = reply.type == "part";
        }
        return answer;
    }
    std::vector<protocol::Binding> reply_bindings(std::string_view name) const override {
        return inner_->reply_bindings(name);
    }

private:
    std::unique_ptr<protocol::MessageDialect> inner_ = protocol::make_cyberfusion_dialect();
};

/// A part is the result ["part", data].
class PartsOverStreams final : public protocol::StreamDialect {
public:
    explicit PartsOverStreams(
        std::unique_ptr<protocol::StreamDialect> inner = protocol::make_msgpack_rpc_dialect())
        : inner_{std::move(inner)} {}

    std::string_view name() const noexcept override { return inner_->name(); }
    protocol::AnswerOrder answer_order() const noexcept override { return inner_->answer_order(); }
    bool has_parts() const noexcept override { return true; }
    std::unique_ptr<protocol::StreamCallDecoder> make_call_decoder() override {
        return inner_->make_call_decoder();
    }
    std::string encode_answer(const protocol::StreamTicket& ticket, const protocol::Answer& answer,
                              std::int64_t unix_ms, std::string& out) const override {
        if (!answer.is_part) {
            return inner_->encode_answer(ticket, answer, unix_ms, out);
        }
        const std::array items{Value::text("part"), answer.data.value()};
        return inner_->encode_answer(ticket, {.data = Value::list(items)}, unix_ms, out);
    }
    std::unique_ptr<protocol::StreamAnswerDecoder> make_answer_decoder() const override {
        return inner_->make_answer_decoder();
    }
    std::expected<void, Failure> encode_call(const protocol::Call& call,
                                             protocol::StreamTicket& ticket, std::int64_t unix_ms,
                                             std::string& out) const override {
        return inner_->encode_call(call, ticket, unix_ms, out);
    }

private:
    std::unique_ptr<protocol::StreamDialect> inner_;
};

}  // namespace warren::runtime::test
