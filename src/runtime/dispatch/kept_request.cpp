#include "runtime/dispatch/kept_request.hpp"

#include "format/msgpack/msgpack.hpp"
#include "model/secrets.hpp"
#include "protocol/request_record.hpp"
#include "runtime/dispatch/listener_context.hpp"

#include <limits>
#include <span>

namespace warren::runtime {

namespace {

constexpr std::size_t kept_depth_max = 10'200;  // more than any request has

}  // namespace

std::expected<Value, Failure> bound_arguments(const KeyedCall& keyed, Arena& arena) {
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    auto decoded = format::msgpack_decode(
        std::as_bytes(std::span{keyed.arguments}), arena,
        {.depth_max = kept_depth_max, .value_count_max = any, .bytes_max = any});
    return decoded ? std::expected<Value, Failure>{*decoded}
                   : std::unexpected{format::to_failure(decoded.error())};
}

std::expected<std::string, Failure> request_record_of(const ServerCall& call,
                                                      std::optional<std::int64_t> expires_at_ms) {
    const Context& context = call.state.context;
    const ListenerContextOptions& options = call.state.listener->options();
    const CallPolicy& policy = call.state.policy->policy();
    Arena arena;
    const auto plain = bound_arguments(*call.state.keyed, arena);
    if (!plain) {
        return std::unexpected{plain.error()};
    }
    const auto closed = model::encrypt(*call.state.method->request, *plain, policy.keys,
                                       call.state.listener->executor().unix_seconds(),
                                       model::Tokens::encrypt_again, arena, policy.secrets_depth);
    if (!closed) {
        return std::unexpected{Failure{.code = Code::internal,
                                       .message = std::string{format::message_of(closed.error())}}};
    }
    protocol::RequestRecord record{.call = {.method = context.method,
                                            .arguments = *closed,
                                            .correlation_id = context.correlation_id},
                                   .listener = options.name,
                                   .expires_at_ms = expires_at_ms};
    record.call.metadata = {.caller = context.caller,
                            .idempotency_key = context.idempotency_key,
                            .traceparent = context.traceparent,
                            .tracestate = context.tracestate,
                            .baggage = context.baggage,
                            .contract = context.contract,
                            .priority = context.priority};
    return protocol::write_request_record(record);
}

}  // namespace warren::runtime
