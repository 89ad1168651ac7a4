// callme: a body in each form is read as a request and as a reply by both ends of each format; what
// is accepted can be sent on, and is then read as the same.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "core/limits.hpp"
#include "protocol/callme.hpp"

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

void read_request(const protocol::MessageDialect& dialect, protocol::CallmeFormat format,
                  const protocol::Envelope& message, Arena& arena) {
    const auto call = dialect.decode_call(message, arena);
    protocol::ReplyAddress address{.reply_to = "client_a_ex_1", .correlation_id = "1"};
    dialect.remember(message, call ? &*call : nullptr, address);
    std::string body;
    const protocol::Answer answer =
        call ? protocol::Answer{.data = call->arguments}
             : protocol::Answer{.failure = call.error().code, .message = call.error().message};
    const auto reply = dialect.encode_answer(address, answer, arena, body);
    check(reply.has_value() && !reply->body.empty());
    if (!call) {
        return check(call.error());
    }
    check(call->method.size() <= limits.method_name_bytes_max);
    const bool keeps_bytes = format != protocol::CallmeFormat::json;
    std::string again_body;
    const auto again = dialect.encode_call(*call, "a", "client_a_ex_1", arena, again_body);
    const auto read = again ? dialect.decode_call(*again, arena) : call;
    check(!read || read->method == call->method);
    check(!read || !keeps_bytes || is_same(read->arguments, call->arguments));
}

void read_reply(const protocol::MessageDialect& dialect, const protocol::Envelope& message,
                Arena& arena) {
    constexpr std::size_t cut_bytes = 3;  // "..."
    if (const auto answer = dialect.decode_answer(message, arena); !answer) {
        check(answer.error().peer_text.size() <= limits.peer_text_bytes_max + cut_bytes);
        check(!message.content_type.contains("python") || !answer.error().message.empty());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto body = std::as_bytes(std::span{data, size});
    for (const auto format : {protocol::CallmeFormat::pickle, protocol::CallmeFormat::json,
                              protocol::CallmeFormat::msgpack}) {
        const auto dialect = protocol::make_callme_dialect(format, limits);
        for (const std::string_view type : types) {
            Arena arena;
            const protocol::Envelope message{.content_type = type, .body = body};
            read_request(*dialect, format, message, arena);
            read_reply(*dialect, message, arena);
        }
    }
    return 0;
}
