#include "format/msgpack/msgpack_writer.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace warren::format {
namespace {

PathStep step_of(const Value& key) {
    if (key.is_text()) {
        return core::text_for_display(key.as_text());
    }
    return key.kind() == Value::Kind::int64 ? std::to_string(key.as_int64())
                                            : std::string{name_of(key.kind())};
}

}  // namespace

void MsgpackWriter::grow(std::size_t more) {
    constexpr std::size_t room_min = 64;
    const std::size_t wanted =
        std::max({size_ + more, out_.capacity(), size_ + size_ / 2, size_ + room_min});
    out_.resize_and_overwrite(wanted, [wanted](char*, std::size_t) { return wanted; });
}

std::expected<void, EncodeError> MsgpackWriter::value(const Value& value, std::size_t depth_max) {
    EncodeError error;
    if (!put(value, depth_max, error)) [[unlikely]] {
        std::ranges::reverse(error.location);
        return std::unexpected{std::move(error)};
    }
    return {};
}

bool MsgpackWriter::put(const Value& value, std::size_t depth_left, EncodeError& error) {
    switch (value.kind()) {
    case Value::Kind::null:
        null();
        return true;
    case Value::Kind::boolean:
        boolean(value.as_boolean());
        return true;
    case Value::Kind::int64:
        integer(value.as_int64());
        return true;
    case Value::Kind::uint64:
        unsigned_integer(value.as_uint64());
        return true;
    case Value::Kind::float64:
        floating(value.as_float64());
        return true;
    case Value::Kind::text:
        if (!core::utf8_valid(value.as_text())) [[unlikely]] {
            error.message = "A text is not valid UTF-8";
            error.type = "text_not_utf8";
            return false;
        }
        text(value.as_text());
        return true;
    case Value::Kind::bytes:
        bytes(value.as_bytes());
        return true;
    case Value::Kind::list:
    case Value::Kind::map:
        break;
    }
    if (depth_left == 0) {
        error.message = "Lists and maps are nested too deeply";
        error.type = "depth_over_limit";
        return false;
    }
    if (value.is_list()) {
        list_head(value.as_list().size());
        for (const Value& item : value.as_list()) {
            if (!put(item, depth_left - 1, error)) [[unlikely]] {
                error.location.emplace_back(
                    static_cast<std::size_t>(&item - value.as_list().data()));
                return false;
            }
        }
        return true;
    }
    map_head(value.as_map().size());
    for (const Member& member : value.as_map()) {
        if (!put(member.key, depth_left - 1, error) || !put(member.value, depth_left - 1, error))
            [[unlikely]] {
            error.location.push_back(step_of(member.key));
            return false;
        }
    }
    return true;
}

std::expected<void, EncodeError> msgpack_encode(const Value& value, std::string& out,
                                                std::size_t depth_max) {
    MsgpackWriter writer{out};
    auto written = writer.value(value, depth_max);
    if (!written) {
        writer.rewind(0);
    }
    return written;
}

}  // namespace warren::format
