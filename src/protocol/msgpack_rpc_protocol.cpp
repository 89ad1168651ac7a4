#include "protocol/msgpack_rpc_protocol.hpp"

#include "core/assert.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/msgpack_rpc_call_decoder.hpp"
#include "protocol/msgpack_rpc_names.hpp"
#include "protocol/msgpack_rpc_response_decoder.hpp"
#include "protocol/pyzmqrpc_reply.hpp"
#include "protocol/reply_limits.hpp"

#include <array>
#include <string>
#include <utility>

namespace warren::protocol {
namespace {

class MsgpackRpcProtocol final : public StreamProtocol {
public:
    MsgpackRpcProtocol(const MsgpackRpcOptions& options, const core::Limits& limits)
        : options_{options}, limits_{limits} {
        WARREN_ASSERT(options.signer == nullptr || options.peer == RpcPeer::warren);
    }

    std::string_view name() const noexcept override { return "msgpack-rpc"; }
    ResponseOrder response_order() const noexcept override { return ResponseOrder::any; }
    std::string_view probe_method() const noexcept override {
        return options_.one_way ? std::string_view{} : rpc_ping_method;
    }

    std::unique_ptr<StreamCallDecoder> make_call_decoder() override {
        return make_msgpack_rpc_call_decoder(options_, limits_, 0);
    }
    std::unique_ptr<StreamCallDecoder> make_quick_call_decoder(std::size_t bytes_max) override {
        return make_msgpack_rpc_call_decoder(options_, limits_, bytes_max);
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
        return make_msgpack_rpc_response_decoder(options_, limits_);
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
