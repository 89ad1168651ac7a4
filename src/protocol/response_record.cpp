#include "protocol/response_record.hpp"

#include "core/utf8.hpp"
#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/failure_value.hpp"

#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace warren::protocol {
namespace {

constexpr std::int64_t version = 2;
constexpr std::size_t record_depth_max = 10'100;  // more than any handler's data has

// The parts, by their index in the list.
enum Part : std::size_t {
    part_version,
    part_message,
    part_data,
    part_failure,
    part_number,
    part_count
};

/// out  false: the writer knows why
bool write_record(const Response& response, format::MsgpackWriter& writer) {
    writer.list_head(part_count);
    writer.integer(version);
    if (response.failure) {
        writer.null();
    } else if (core::utf8_valid(response.message)) {
        writer.text(response.message);
    } else {
        writer.text(core::text_for_display(response.message));
    }
    writer.list_head(response.data ? 1 : 0);
    if (response.data && !writer.value(*response.data, record_depth_max)) {
        return false;
    }
    if (!response.failure) {
        writer.null();
    } else {
        Arena arena;
        if (!writer.value(failure_value(response, arena), record_depth_max)) {
            return false;
        }
    }
    if (response.number) {
        writer.unsigned_integer(*response.number);
    } else {
        writer.null();
    }
    return true;
}

std::unexpected<Failure> unreadable(std::string_view why) {
    return std::unexpected{
        Failure{.code = Code::internal,
                .message = "The kept response cannot be read: " + std::string{why}}};
}

}  // namespace

void write_response_record(const Response& response, std::string& out) {
    out.clear();
    format::MsgpackWriter writer{out};
    if (!write_record(response, writer)) {
        const std::string message =
            "The response cannot be kept: " + format::to_failure(writer.error()).message;
        writer.rewind(0);
        static_cast<void>(write_record({.failure = Code::internal, .message = message}, writer));
    }
}

std::expected<Response, Failure> read_response_record(std::string_view bytes, Arena& arena) {
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    const auto decoded = format::msgpack_decode(
        std::as_bytes(std::span{bytes}), arena,
        {.depth_max = record_depth_max + 2, .value_count_max = any, .bytes_max = any});
    if (!decoded) {
        return unreadable(decoded.error().message);
    }
    const auto parts = decoded->is_list() ? decoded->as_list() : std::span<const Value>{};
    if (parts.empty() || parts[part_version] != Value::integer(version)) {
        return unreadable("another version of Warren wrote it");
    }
    if (parts.size() != part_count || !parts[part_data].is_list() ||
        parts[part_data].as_list().size() > 1) {
        return unreadable("its parts are others");
    }
    const auto data = parts[part_data].as_list();
    if (parts[part_message].is_text() && parts[part_failure].is_null()) {
        Response response{.message = parts[part_message].as_text(),
                          .data = data.empty() ? std::nullopt : std::optional{data[0]}};
        if (parts[part_number].kind() == Value::Kind::int64) {
            response.number = parts[part_number].as_int64();
        }
        return response;
    }
    auto failure = read_failure(parts[part_failure]);
    if (!failure || !parts[part_message].is_null()) {
        return unreadable("it is neither a success nor a failure");
    }
    if (!data.empty()) {
        failure->data = Dynamic{data[0]};
    }
    return std::unexpected{std::move(*failure)};
}

}  // namespace warren::protocol
