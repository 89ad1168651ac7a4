#pragma once

#include "protocol/cyberfusion.hpp"
#include "protocol/msgpack_rpc_protocol.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>

// Protocols whose responses may have parts, made of others that have none.
namespace warren::runtime::test {

/// A part is marked by its type.
class PartsOverMessages final : public protocol::MessageProtocol {
public:
    std::string_view name() const noexcept override { return inner_->name(); }
    bool has_parts() const noexcept override { return true; }
    std::expected<protocol::Call, Failure> decode_call(const protocol::MessageView& request,
                                                       Arena& arena) const override {
        return inner_->decode_call(request, arena);
    }
    std::optional<protocol::MessageView> encode_response(const protocol::ReplyAddress& address,
                                                         const protocol::Response& response,
                                                         Arena& arena, std::string& body,
                                                         std::string* unwritable) const override {
        auto reply = inner_->encode_response(address, response, arena, body, unwritable);
        if (reply && response.is_part) {
            reply->type = "part";
        }
        return reply;
    }
    protocol::Topology server_topology(
        const protocol::ServerTopologyOptions& options) const override {
        return inner_->server_topology(options);
    }
    std::expected<protocol::MessageView, Failure> encode_call(const protocol::Call& call,
                                                              std::string_view server,
                                                              std::string_view reply_to,
                                                              Arena& arena,
                                                              std::string& body) const override {
        return inner_->encode_call(call, server, reply_to, arena, body);
    }
    std::expected<protocol::Response, Failure> decode_response(const protocol::MessageView& reply,
                                                               Arena& arena) const override {
        auto response = inner_->decode_response(reply, arena);
        if (response) {
            response->is_part = reply.type == "part";
        }
        return response;
    }
    std::vector<protocol::Binding> reply_bindings(std::string_view name) const override {
        return inner_->reply_bindings(name);
    }

private:
    std::unique_ptr<protocol::MessageProtocol> inner_ = protocol::make_cyberfusion_protocol();
};

/// A part is the result ["part", data].
class PartsOverStreams final : public protocol::StreamProtocol {
public:
    explicit PartsOverStreams(
        std::unique_ptr<protocol::StreamProtocol> inner = protocol::make_msgpack_rpc_protocol())
        : inner_{std::move(inner)} {}

    std::string_view name() const noexcept override { return inner_->name(); }
    protocol::ResponseOrder response_order() const noexcept override {
        return inner_->response_order();
    }
    bool has_parts() const noexcept override { return true; }
    std::unique_ptr<protocol::StreamCallDecoder> make_call_decoder() override {
        return inner_->make_call_decoder();
    }
    std::string encode_response(const protocol::StreamTicket& ticket,
                                const protocol::Response& response, std::int64_t unix_ms,
                                std::string& out) const override {
        if (!response.is_part) {
            return inner_->encode_response(ticket, response, unix_ms, out);
        }
        const std::array items{Value::text("part"), response.data.value()};
        return inner_->encode_response(ticket, {.data = Value::list(items)}, unix_ms, out);
    }
    std::unique_ptr<protocol::StreamResponseDecoder> make_response_decoder() const override {
        return inner_->make_response_decoder();
    }
    std::expected<void, Failure> encode_call(const protocol::Call& call,
                                             protocol::StreamTicket& ticket, std::int64_t unix_ms,
                                             std::string& out) const override {
        return inner_->encode_call(call, ticket, unix_ms, out);
    }

private:
    std::unique_ptr<protocol::StreamProtocol> inner_;
};

}  // namespace warren::runtime::test
