// callme: a body in each form is read as a request and as a reply by both ends of each format; what
// is accepted can be sent on, and is then read as the same.
#include "core/limits.hpp"
#include "protocol/callme.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace warren;

constexpr std::array<std::string_view, 4> types{"application/x-python-serialize",
                                                "application/json", "application/msgpack", ""};
const core::Limits limits{
    .body_bytes_max = 50'000, .nesting_depth_max = 40, .value_count_max = 5'000};

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// How a value of one message stands in another one. A float that is no number equals nothing.
bool is_same(const Value& left, const Value& right) {
    return left == right || left != left;
}

void check(const Failure& failure) {
    check(failure.code != Code::invalid_request || !failure.errors.empty());
}

void read_request(const protocol::MessageProtocol& protocol, CallmeFormat format,
                  const protocol::MessageView& message, Arena& arena) {
    const auto call = protocol.decode_call(message, arena);
    protocol::ReplyAddress address{.reply_to = "client_a_ex_1", .correlation_id = "1"};
    protocol.remember(message, call ? &*call : nullptr, address);
    std::string body;
    const protocol::Response response =
        call ? protocol::Response{.data = call->arguments}
             : protocol::Response{.failure = call.error().code, .message = call.error().message};
    const auto reply = protocol.encode_response(address, response, arena, body);
    check(reply.has_value() && !reply->body.empty());
    if (!call) {
        return check(call.error());
    }
    check(call->method.size() <= limits.method_name_bytes_max);
    const bool keeps_bytes = format != CallmeFormat::json;
    std::string again_body;
    const auto again = protocol.encode_call(*call, "a", "client_a_ex_1", arena, again_body);
    const auto read = again ? protocol.decode_call(*again, arena) : call;
    check(!read || read->method == call->method);
    check(!read || !keeps_bytes || is_same(read->arguments, call->arguments));
}

void read_reply(const protocol::MessageProtocol& protocol, const protocol::MessageView& message,
                Arena& arena) {
    constexpr std::size_t cut_bytes = 3;  // "..."
    if (const auto response = protocol.decode_response(message, arena); !response) {
        check(response.error().peer_text.size() <= limits.peer_text_bytes_max + cut_bytes);
        check(!message.content_type.contains("python") || !response.error().message.empty());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto body = std::as_bytes(std::span{data, size});
    for (const auto format : {CallmeFormat::pickle, CallmeFormat::json, CallmeFormat::msgpack}) {
        const auto protocol = protocol::make_callme_protocol(format, limits);
        for (const std::string_view type : types) {
            Arena arena;
            const protocol::MessageView message{.content_type = type, .body = body};
            read_request(*protocol, format, message, arena);
            read_reply(*protocol, message, arena);
        }
    }
    return 0;
}
