#include "protocol/arrpc.hpp"

#include "core/utf8.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/reply_limits.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace warren::protocol {
namespace {

using ReadState = format::MsgpackScan::State;
using format::MsgpackLimits;
using format::MsgpackText;
using format::MsgpackWriter;

constexpr std::string_view sign_key = "arrpc.sign";
constexpr std::string_view data_key = "data";
constexpr std::string_view unsigned_message =
    "Invalid or missing message signature, make sure 'auth_secret' is set/correct";
// What the protocol's own programs read at once.
constexpr std::size_t peer_block_bytes = 4096;

std::optional<ArrpcSignature> signature_of(std::string_view secret) {
    return secret.empty() ? std::nullopt : std::optional<ArrpcSignature>{secret};
}

std::shared_ptr<const std::vector<ArrpcSignature>> signatures_of(
    std::span<const std::string> secrets) {
    return secrets.empty() ? nullptr
                           : std::make_shared<const std::vector<ArrpcSignature>>(secrets.begin(),
                                                                                 secrets.end());
}

/// out  false when the message from `start` on would stop the peer, whatever its form
bool avoid_blocks(std::string& out, std::size_t start) {
    return (out.size() - start) % peer_block_bytes != 0 || format::msgpack_widen(out, start);
}

Value argument_of(const Call& call) noexcept {
    const bool is_lone = call.style == model::ArgumentStyle::positional &&
                         call.arguments.is_list() && call.arguments.as_list().size() == 1;
    return is_lone ? call.arguments.as_list().front() : call.arguments;
}

/// A failure as the protocol has it: one line, for a person.
std::string reply_text(const Response& response) {
    const bool is_refused =
        response.failure == Code::unauthenticated || response.failure == Code::permission_denied;
    return std::string{is_refused ? arrpc_auth_error : arrpc_rpc_error} + failure_text(response);
}

std::expected<Response, Failure> response_of(const Value& reply) {
    const std::string_view text = reply.is_text() ? reply.as_text() : std::string_view{};
    for (const auto& [prefix, code] : {std::pair{arrpc_auth_error, Code::unauthenticated},
                                       std::pair{arrpc_rpc_error, Code::failed}}) {
        if (text.starts_with(prefix)) {
            const std::string shown = core::text_for_display(text.substr(prefix.size()), text.npos);
            return std::unexpected{Failure{.code = code, .message = shown}};
        }
    }
    return Response{.data = reply};
}

}  // namespace

ArrpcServerCodec::ArrpcServerCodec(std::string method, std::span<const std::string> auth_secrets,
                                   const core::Limits& limits)
    : method_{std::move(method)},
      limits_{limits},
      signatures_{signatures_of(auth_secrets)},
      reader_{MsgpackLimits::of_requests(limits), MsgpackText::lenient} {}

void ArrpcServerCodec::be_quick(std::size_t bytes_max) noexcept {
    is_quick_ = true;
    reader_ =
        format::MsgpackReader{MsgpackLimits::of_requests(limits_), MsgpackText::lenient, bytes_max};
}

ArrpcMessage<Call> ArrpcServerCodec::next(std::span<const std::byte> input, Arena& arena) {
    using State = ArrpcMessage<Call>::State;
    const format::MsgpackRead read = reader_.read(input, arena);
    switch (read.state) {
    case ReadState::need_more:
        return {};
    case ReadState::refused: {
        const format::DecodeError error = reader_.error();
        return {.state = read.size_bytes == 0 ? State::broken : State::complete,
                .size_bytes = read.size_bytes,
                .content = std::unexpected{refused_request(error)}};
    }
    case ReadState::complete:
        break;
    }
    ArrpcMessage<Call> message{.state = read.is_unread ? State::unread : State::complete,
                               .size_bytes = read.size_bytes};
    if (read.is_unread) {
        return message;
    }
    std::expected<Value, Failure> argument;
    try {
        argument = opened(read.value, arena);
    } catch (const std::bad_alloc&) {
        if (!is_quick_) {
            throw;
        }
        message.state = State::unread;
        return message;
    }
    if (argument) {
        message.content =
            Call{.method = method_, .style = model::ArgumentStyle::bare, .arguments = *argument};
    } else {
        message.content = std::unexpected{std::move(argument.error())};
    }
    return message;
}

/// The request inside of a signed one; without a secret, the message itself.
std::expected<Value, Failure> ArrpcServerCodec::opened(const Value& message, Arena& arena) {
    key_ = 0;
    if (!signatures_) {
        return message;
    }
    const Value* sign = message.find(sign_key);
    const Value* data = message.find(data_key);
    if (sign == nullptr || !sign->is_text() || data == nullptr ||
        data->kind() != Value::Kind::bytes || !verifies(sign->as_text(), data->as_bytes())) {
        return std::unexpected{
            Failure{.code = Code::unauthenticated, .message = std::string{unsigned_message}}};
    }
    auto value = format::msgpack_decode(data->as_bytes(), arena,
                                        MsgpackLimits::of_requests(limits_), MsgpackText::lenient);
    if (!value) {
        return std::unexpected{refused_request(value.error())};
    }
    return *value;
}

bool ArrpcServerCodec::verifies(std::string_view sign, std::span<const std::byte> packed) {
    const auto found = std::ranges::find_if(*signatures_, [&](const ArrpcSignature& signature) {
        return signature.verify(sign, packed);
    });
    const bool is_verified = found != signatures_->end();
    key_ = is_verified ? static_cast<std::uint8_t>(found - signatures_->begin() + 1) : 0;
    return is_verified;
}

std::string ArrpcServerCodec::encode_response(const Response& response, std::string& out) const {
    const std::size_t start = out.size();
    if (!response.failure) {
        const bool is_written =
            format::msgpack_encode(response.data.value_or(Value{}), out).has_value();
        const std::size_t size_bytes = out.size() - start;
        if (is_written && size_bytes <= limits_.body_bytes_max && avoid_blocks(out, start)) {
            return {};
        }
        out.resize(start);
        std::string message = size_bytes > limits_.body_bytes_max
                                  ? oversized_reply_message(size_bytes, limits_)
                                  : "The reply has no form that could be sent";
        encode_response({.failure = Code::internal, .message = message}, out);
        return message;
    }
    std::string text = reply_text(response);
    const auto write = [&] {
        MsgpackWriter writer{out};
        writer.text(text);
    };
    write();
    if (!avoid_blocks(out, start)) {
        // A text this long has one form only; one more full stop gives it another length.
        out.resize(start);
        text += '.';
        write();
    }
    return {};
}

ArrpcClientCodec::ArrpcClientCodec(std::string_view auth_secret, const core::Limits& limits)
    : limits_{limits},
      signature_{signature_of(auth_secret)},
      reader_{MsgpackLimits::of(limits), MsgpackText::lenient} {}

std::expected<void, Failure> ArrpcClientCodec::encode_call(const Call& call,
                                                           std::string& out) const {
    if (auto refused = refuse_mixed(call)) {
        return std::unexpected{std::move(*refused)};
    }
    const std::size_t start = out.size();
    if (auto written = format::msgpack_encode(argument_of(call), out); !written) {
        return std::unexpected{format::to_failure(written.error())};
    }
    if (signature_) {
        const std::string packed = out.substr(start);
        const auto sign = signature_->sign(std::as_bytes(std::span{packed}));
        out.resize(start);
        if (!sign) {
            return std::unexpected{
                Failure{.code = Code::internal, .message = "The request cannot be signed"}};
        }
        MsgpackWriter writer{out};
        writer.map_head(2);
        writer.text(sign_key);
        writer.text({sign->data(), sign->size()});
        writer.text(data_key);
        writer.bytes(std::as_bytes(std::span{packed}));
    }
    const std::size_t size_bytes = out.size() - start;
    if (size_bytes > limits_.body_bytes_max) {
        out.resize(start);
        return std::unexpected{oversized_request(size_bytes, limits_)};
    }
    if (!avoid_blocks(out, start)) {
        out.resize(start);
        return std::unexpected{
            refused_request("The request has a length that arrpc's programs cannot receive: " +
                                std::to_string(size_bytes) + " bytes",
                            "length_unsendable")};
    }
    return {};
}

ArrpcMessage<Response> ArrpcClientCodec::next(std::span<const std::byte> input, Arena& arena) {
    using State = ArrpcMessage<Response>::State;
    const format::MsgpackRead read = reader_.read(input, arena);
    switch (read.state) {
    case ReadState::need_more:
        return {};
    case ReadState::refused: {
        const format::DecodeError error = reader_.error();
        return {
            .state = read.size_bytes == 0 ? State::broken : State::complete,
            .size_bytes = read.size_bytes,
            .content = std::unexpected{
                reply_over_limit(error.type, limits_)
                    .value_or(Failure{.code = Code::internal,
                                      .message = "The reply cannot be read: " + error.message})}};
    }
    case ReadState::complete:
        break;
    }
    return {.state = State::complete,
            .size_bytes = read.size_bytes,
            .content = response_of(read.value)};
}

}  // namespace warren::protocol
