#include "protocol/request_record.hpp"

#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"

#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace warren::protocol {
namespace {

constexpr std::int64_t request_version = 1;
constexpr std::size_t request_depth_max = 10'100;  // more than any request has

// The parts, by their index in the list.
enum RequestPart : std::size_t {
    request_part_version,
    request_part_method,
    request_part_arguments,
    request_part_metadata,
    request_part_count
};

constexpr std::string_view caller_member = "caller";
constexpr std::string_view correlation_member = "correlation_id";
constexpr std::string_view priority_member = "priority";
constexpr std::string_view listener_member = "listener";
constexpr std::string_view expires_member = "expires_at_ms";

std::unexpected<Failure> unreadable_request(std::string_view why) {
    return std::unexpected{Failure{
        .code = Code::internal, .message = "The kept request cannot be read: " + std::string{why}}};
}

std::string_view text_of(const Value& map, std::string_view name) noexcept {
    const Value* const found = map.find(name);
    return found != nullptr && found->is_text() ? found->as_text() : std::string_view{};
}

}  // namespace

std::expected<std::string, Failure> write_request_record(const RequestRecord& record) {
    const Call& call = record.call;
    std::vector<Member> said;
    const auto say = [&](std::string_view name, std::string_view text) {
        if (!text.empty()) {
            said.push_back({Value::text(name), Value::text(text)});
        }
    };
    say(caller_member, call.metadata.caller);
    say(correlation_member, call.correlation_id);
    say(listener_member, record.listener);
    if (record.expires_at_ms) {
        said.push_back({Value::text(expires_member), Value::integer(*record.expires_at_ms)});
    }
    for (const MetadataText& each : metadata_texts) {
        say(each.member, call.metadata.*each.text);
    }
    if (call.metadata.priority) {
        said.push_back({Value::text(priority_member), Value::integer(*call.metadata.priority)});
    }
    const std::array<Value, request_part_count> parts{Value::integer(request_version),
                                                      Value::text(call.method), call.arguments,
                                                      Value::map(said)};
    std::string bytes;
    if (auto written = format::msgpack_encode(Value::list(parts), bytes, request_depth_max);
        !written) {
        return std::unexpected{format::to_failure(written.error())};
    }
    return bytes;
}

std::expected<RequestRecord, Failure> read_request_record(std::string_view bytes, Arena& arena) {
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    const auto decoded = format::msgpack_decode(
        std::as_bytes(std::span{bytes}), arena,
        {.depth_max = request_depth_max + 2, .value_count_max = any, .bytes_max = any});
    if (!decoded) {
        return unreadable_request(decoded.error().message);
    }
    const auto parts = decoded->is_list() ? decoded->as_list() : std::span<const Value>{};
    if (parts.empty() || parts[request_part_version] != Value::integer(request_version)) {
        return unreadable_request("another version of Warren wrote it");
    }
    if (parts.size() != request_part_count || !parts[request_part_method].is_text() ||
        !parts[request_part_metadata].is_map()) {
        return unreadable_request("its parts are others");
    }
    const Value& said = parts[request_part_metadata];
    Call call{.method = parts[request_part_method].as_text(),
              .arguments = parts[request_part_arguments],
              .correlation_id = text_of(said, correlation_member)};
    call.metadata.caller = text_of(said, caller_member);
    for (const MetadataText& each : metadata_texts) {
        call.metadata.*each.text = text_of(said, each.member);
    }
    const Value* const priority = said.find(priority_member);
    if (priority != nullptr && priority->kind() == Value::Kind::int64 &&
        priority->as_int64() >= 0 &&
        priority->as_int64() <= std::numeric_limits<std::uint8_t>::max()) {
        call.metadata.priority = static_cast<std::uint8_t>(priority->as_int64());
    }
    RequestRecord record{.call = call, .listener = text_of(said, listener_member)};
    const Value* const expires = said.find(expires_member);
    if (expires != nullptr && expires->kind() == Value::Kind::int64) {
        record.expires_at_ms = expires->as_int64();
    }
    return record;
}

}  // namespace warren::protocol
