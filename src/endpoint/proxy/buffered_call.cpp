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
    part_further,  // not there where it says nothing
    part_count,
};

// The parts of that.
enum Further : std::size_t {
    further_tracestate,
    further_baggage,
    further_contract,
    further_priority,  // or nil
    further_count,
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

bool is_further(const Value& part) {
    if (!part.is_list() || part.as_list().size() != further_count) {
        return false;
    }
    const auto further = part.as_list();
    const Value& priority = further[further_priority];
    return further[further_tracestate].is_text() && further[further_baggage].is_text() &&
           further[further_contract].is_text() &&
           (priority.is_null() ||
            (priority.kind() == Value::Kind::int64 && priority.as_int64() >= 0 &&
             priority.as_int64() <= std::numeric_limits<std::uint8_t>::max()));
}

protocol::Metadata metadata_in(std::span<const Value> parts) {
    protocol::Metadata metadata{.idempotency_key = parts[part_idempotency_key].as_text(),
                                .traceparent = parts[part_traceparent].as_text()};
    if (parts.size() > part_further) {
        const auto further = parts[part_further].as_list();
        metadata.tracestate = further[further_tracestate].as_text();
        metadata.baggage = further[further_baggage].as_text();
        metadata.contract = further[further_contract].as_text();
        if (const Value& priority = further[further_priority]; !priority.is_null()) {
            metadata.priority = static_cast<std::uint8_t>(priority.as_int64());
        }
    }
    return metadata;
}

}  // namespace

std::expected<std::string, Failure> encode_buffered(const BufferedCall& buffered) {
    const runtime::ForwardedCall& call = buffered.call;
    const protocol::Metadata& metadata = call.metadata;
    const std::array<Value, further_count> further{
        Value::text(metadata.tracestate), Value::text(metadata.baggage),
        Value::text(metadata.contract),
        metadata.priority ? Value::integer(*metadata.priority) : Value{}};
    const bool has_further = !metadata.tracestate.empty() || !metadata.baggage.empty() ||
                             !metadata.contract.empty() || metadata.priority;
    const std::array<Value, part_count> parts{
        Value::integer(version),
        Value::integer(buffered.accepted_at_ms),
        Value::text(call.method),
        Value::integer(std::to_underlying(call.style)),
        call.arguments,
        Value::text(metadata.idempotency_key),
        Value::text(metadata.traceparent),
        Value::list(further),
    };
    const auto written = std::span{parts}.first(has_further ? part_count : part_further);
    std::string bytes;
    if (auto encoded = format::msgpack_encode(Value::list(written), bytes, depth_max); !encoded) {
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
    const bool has_further = parts.size() == part_count && is_further(parts[part_further]);
    if ((parts.size() != part_further && !has_further) || !has_kinds(parts)) {
        return std::unexpected{unreadable("its parts are others")};
    }
    return BufferedCall{
        .accepted_at_ms = parts[part_accepted_at_ms].as_int64(),
        .call = {.method = parts[part_method].as_text(),
                 .style = static_cast<model::ArgumentStyle>(parts[part_style].as_int64()),
                 .arguments = parts[part_arguments],
                 .metadata = metadata_in(parts)}};
}

}  // namespace warren::endpoint
