#include "endpoint/proxy/buffered_call.hpp"

#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"

#include <array>
#include <limits>
#include <span>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::int64_t version = 1;
constexpr std::size_t depth_max = 10'100;  // more than any listener lets in
constexpr std::int64_t styles = std::to_underlying(model::ArgumentStyle::mixed) + 1;

// The parts, by their places in the list.
enum Part : std::size_t {
    part_version,
    part_accepted_at_ms,
    part_method,
    part_style,
    part_arguments,
    part_idempotency_key,
    part_traceparent,
    part_count,
};

Failure unreadable(std::string_view why) {
    return {.code = Code::internal,
            .message = "The buffer has an entry that is no call: " + std::string{why}};
}

bool has_kinds(std::span<const Value> parts) {
    return parts[part_accepted_at_ms].kind() == Value::Kind::int64 &&
           parts[part_method].is_text() && parts[part_style].kind() == Value::Kind::int64 &&
           parts[part_style].as_int64() >= 0 && parts[part_style].as_int64() < styles &&
           parts[part_idempotency_key].is_text() && parts[part_traceparent].is_text();
}

}  // namespace

std::expected<std::string, Failure> encode_buffered(const BufferedCall& buffered) {
    const runtime::ForwardedCall& call = buffered.call;
    const std::array<Value, part_count> parts{
        Value::integer(version),
        Value::integer(buffered.accepted_at_ms),
        Value::text(call.method),
        Value::integer(std::to_underlying(call.style)),
        call.arguments,
        Value::text(call.metadata.idempotency_key),
        Value::text(call.metadata.traceparent),
    };
    std::string bytes;
    if (auto encoded = format::msgpack_encode(Value::list(parts), bytes, depth_max); !encoded) {
        return std::unexpected{format::to_failure(encoded.error())};
    }
    return bytes;
}

std::expected<BufferedCall, Failure> decode_buffered(std::string_view bytes, Arena& arena) {
    // Whatever was accepted is forwarded, however large: limits were checked when it came.
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    const auto decoded =
        format::msgpack_decode(std::as_bytes(std::span{bytes}), arena,
                               {.depth_max = depth_max, .value_count_max = any, .bytes_max = any});
    if (!decoded) {
        return std::unexpected{unreadable(decoded.error().message)};
    }
    const auto parts = decoded->is_list() ? decoded->as_list() : std::span<const Value>{};
    if (parts.empty() || parts[part_version] != Value::integer(version)) {
        return std::unexpected{unreadable("another version of Warren wrote it")};
    }
    if (parts.size() != part_count || !has_kinds(parts)) {
        return std::unexpected{unreadable("its parts are others")};
    }
    return BufferedCall{
        .accepted_at_ms = parts[part_accepted_at_ms].as_int64(),
        .call = {.method = parts[part_method].as_text(),
                 .style = static_cast<model::ArgumentStyle>(parts[part_style].as_int64()),
                 .arguments = parts[part_arguments],
                 .metadata = {.idempotency_key = parts[part_idempotency_key].as_text(),
                              .traceparent = parts[part_traceparent].as_text()}}};
}

}  // namespace warren::endpoint
