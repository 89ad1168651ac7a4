#include "protocol/pyzmqrpc_protocol.hpp"

#include "protocol/field_errors.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/pyzmqrpc.hpp"
#include "protocol/pyzmqrpc_command.hpp"
#include "protocol/pyzmqrpc_reply.hpp"
#include "protocol/pyzmqrpc_text.hpp"

#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace warren::protocol {
namespace {

using State = StreamStep::State;

constexpr std::size_t call_id_bytes = 4;

std::string_view text_of(std::span<const std::byte> octets) noexcept {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

void append_id(std::string& out, std::uint32_t id) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>(id >> shift & 0xffU);
    }
}

/// One that passes as it is.
bool is_text(const Value& value) noexcept {
    return value.kind() == Value::Kind::bytes;
}
bool is_text(const Response& response) noexcept {
    return !response.failure && response.data && is_text(*response.data);
}

std::uint32_t id_of(std::span<const std::byte> octets) noexcept {
    std::uint32_t id = 0;
    for (const std::byte octet : octets.first(call_id_bytes)) {
        id = id << 8 | std::to_integer<std::uint32_t>(octet);
    }
    return id;
}

class PyzmqrpcCallDecoder final : public StreamCallDecoder {
public:
    /// in   quick_bytes_max: 0 for one that reads every request
    PyzmqrpcCallDecoder(std::shared_ptr<PyzmqrpcTextReader> reader, const PyzmqrpcOptions& options,
                        const core::Limits& limits, std::size_t quick_bytes_max)
        : reader_{std::move(reader)},
          one_way_{options.one_way},
          passes_text_{options.passes_text},
          limits_{limits},
          is_quick_{quick_bytes_max != 0 && quick_bytes_max < limits.body_bytes_max} {
        if (is_quick_) {
            limits_.body_bytes_max = quick_bytes_max;
        }
    }

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        const std::string_view text = text_of(input);
        ticket = {.wants_response = !one_way_};
        if (text == pyzmqrpc_heartbeat) {
            return {.state = State::heartbeat, .size_bytes = input.size()};
        }
        try {
            return {.state = read_message(input, arena), .size_bytes = input.size()};
        } catch (const std::bad_alloc&) {
            if (!is_quick_) {
                throw;
            }
            return {.state = State::unread, .size_bytes = input.size()};
        }
    }

private:
    State read_message(std::span<const std::byte> input, Arena& arena) {
        const std::string_view text = text_of(input);
        call = read(text, arena);
        // How long it is tells nothing: a short text may inflate to a long one.
        if (is_quick_ && !call && !call.error().errors.empty() &&
            call.error().errors.front().type == pyzmqrpc_too_long) {
            return State::unread;
        }
        if (!call && !text.empty() && is_msgpack_rpc(input, arena)) [[unlikely]] {
            call = std::unexpected{
                refused_request("This is a message of msgpack-rpc, and here pyzmqrpc is spoken "
                                "(protocol)",
                                "protocol_mismatch")};
            return State::unreadable;
        }
        if (passes_text_ && text.size() <= limits_.body_bytes_max) {
            call = Call{.method = call ? call->method : pyzmqrpc_text_method,
                        .style = model::ArgumentStyle::bare,
                        .arguments = Value::bytes(input)};
        }
        return State::complete;
    }

    /// Whether it is a call in that protocol; then it is answered in it.
    bool is_msgpack_rpc(std::span<const std::byte> input, Arena& arena) {
        MsgpackRpcDecoder decoder{limits_};
        const RpcStep step = decoder.next(input, arena);
        const RpcMessage& message = decoder.message();
        if (step.size_bytes != input.size() || message.kind == RpcKind::response) {
            return false;
        }
        ticket = {.id = message.id,
                  .wants_response = message.kind == RpcKind::request && !one_way_,
                  .speaks_other = true};
        return true;
    }

    std::expected<Call, Failure> read(std::string_view text, Arena& arena) {
        const auto json = reader_->read(text, limits_);
        if (!json) {
            return std::unexpected{json.error()};
        }
        return pyzmqrpc_read_command(arena.copy(*json), arena, limits_);
    }

    std::shared_ptr<PyzmqrpcTextReader> reader_;
    bool one_way_;
    bool passes_text_;
    core::Limits limits_;
    bool is_quick_;
};

class PyzmqrpcResponseDecoder final : public StreamResponseDecoder {
public:
    PyzmqrpcResponseDecoder(PyzmqrpcReplies replies, const core::Limits& limits)
        : replies_{replies}, limits_{limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        if (input.size() < call_id_bytes) {
            return {.state = State::broken};
        }
        id_ = id_of(input);
        response_ =
            pyzmqrpc_read_reply(text_of(input.subspan(call_id_bytes)), arena, replies_, limits_);
        return {.state = State::complete, .size_bytes = input.size()};
    }

    std::uint32_t id() const noexcept override { return id_; }
    std::expected<Response, Failure> response(const StreamTicket&) override {
        return std::move(response_);
    }
    const Failure& failure() const noexcept override { return failure_; }

private:
    PyzmqrpcReplies replies_;
    core::Limits limits_;
    std::uint32_t id_ = 0;
    std::expected<Response, Failure> response_{};
    Failure failure_{.code = Code::internal,
                     .message = "an answer does not say which call it is for"};
};

class PyzmqrpcProtocol final : public StreamProtocol {
public:
    PyzmqrpcProtocol(const PyzmqrpcOptions& options, const core::Limits& limits)
        : options_{options}, limits_{limits} {}

    std::string_view name() const noexcept override { return "pyzmqrpc"; }

    ResponseOrder response_order() const noexcept override {
        return options_.side == StreamSide::client || options_.one_way
                   ? ResponseOrder::any
                   : ResponseOrder::as_requested;
    }

    std::unique_ptr<StreamCallDecoder> make_call_decoder() override {
        return std::make_unique<PyzmqrpcCallDecoder>(std::make_shared<PyzmqrpcTextReader>(),
                                                     options_, limits_, 0);
    }
    std::unique_ptr<StreamCallDecoder> make_quick_call_decoder(std::size_t bytes_max) override {
        return std::make_unique<PyzmqrpcCallDecoder>(reader_, options_, limits_, bytes_max);
    }

    std::string encode_response(const StreamTicket& ticket, const Response& response, std::int64_t,
                                std::string& out) const override {
        if (!ticket.wants_response) {
            return {};
        }
        if (ticket.speaks_other) [[unlikely]] {
            return rpc_encode_response(ticket.id, response, out);
        }
        if (options_.passes_text && is_text(response)) {
            out.append(text_of(response.data->as_bytes()));
            return {};
        }
        return pyzmqrpc_write_reply(response, limits_, out);
    }

    std::unique_ptr<StreamResponseDecoder> make_response_decoder() const override {
        return std::make_unique<PyzmqrpcResponseDecoder>(
            options_.passes_text ? PyzmqrpcReplies::passed_on : PyzmqrpcReplies::read, limits_);
    }

    std::expected<void, Failure> encode_call(const Call& call, StreamTicket& ticket, std::int64_t,
                                             std::string& out) const override {
        if (options_.one_way && ticket.wants_response) {
            return std::unexpected{one_way_only()};
        }
        if (options_.passes_text && is_text(call.arguments)) {
            if (!options_.one_way) {
                append_id(out, ticket.id);
            }
            out.append(text_of(call.arguments.as_bytes()));
            return {};
        }
        json_.clear();
        if (auto written = pyzmqrpc_write_command(call, json_); !written) {
            return written;
        }
        if (json_.size() > limits_.body_bytes_max) {
            return std::unexpected{oversized_request(json_.size(), limits_)};
        }
        const std::size_t start = out.size();
        if (!options_.one_way) {
            append_id(out, ticket.id);
        }
        const std::size_t text_start = out.size();
        writer_.append(out, json_);
        if (const std::size_t size_bytes = out.size() - text_start;
            size_bytes > limits_.body_bytes_max) {
            out.resize(start);
            return std::unexpected{oversized_request(size_bytes, limits_)};
        }
        return {};
    }

private:
    PyzmqrpcOptions options_;
    core::Limits limits_;
    // Of all quick decoders.
    std::shared_ptr<PyzmqrpcTextReader> reader_ = std::make_shared<PyzmqrpcTextReader>();
    // What `encode_call` writes with; its memory is used again.
    mutable PyzmqrpcTextWriter writer_;
    mutable std::string json_;
};

}  // namespace

std::unique_ptr<StreamProtocol> make_pyzmqrpc_protocol(const PyzmqrpcOptions& options,
                                                       const core::Limits& limits) {
    return std::make_unique<PyzmqrpcProtocol>(options, limits);
}

}  // namespace warren::protocol
