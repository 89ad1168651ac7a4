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

bool MsgpackWriter::refuse(Fault fault) noexcept {
    fault_ = fault;
    path_.clear();
    return false;
}

bool MsgpackWriter::refuse_within(std::size_t item) {
    path_.emplace_back(item);
    return false;
}

bool MsgpackWriter::refuse_within(const Value& key) {
    path_.push_back(step_of(key));
    return false;
}

EncodeError MsgpackWriter::error() {
    std::ranges::reverse(path_);
    if (fault_ == Fault::text_not_utf8) {
        return {.location = std::move(path_),
                .message = "A text is not valid UTF-8",
                .type = "text_not_utf8"};
    }
    return {.location = std::move(path_),
            .message = "Lists and maps are nested too deeply",
            .type = "depth_over_limit"};
}

bool MsgpackWriter::put(const Value& value, std::size_t depth_left) {
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
            return refuse(Fault::text_not_utf8);
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
    if (depth_left == 0) [[unlikely]] {
        return refuse(Fault::depth_over_limit);
    }
    return value.is_list() ? put_items(value.as_list(), depth_left - 1)
                           : put_members(value.as_map(), depth_left - 1);
}

bool MsgpackWriter::put_items(std::span<const Value> items, std::size_t depth_left) {
    list_head(items.size());
    for (const Value& item : items) {
        if (!put(item, depth_left)) [[unlikely]] {
            return refuse_within(static_cast<std::size_t>(&item - items.data()));
        }
    }
    return true;
}

bool MsgpackWriter::put_members(std::span<const Member> members, std::size_t depth_left) {
    map_head(members.size());
    for (const Member& member : members) {
        if (!put(member.key, depth_left) || !put(member.value, depth_left)) [[unlikely]] {
            return refuse_within(member.key);
        }
    }
    return true;
}

std::expected<void, EncodeError> msgpack_encode(const Value& value, std::string& out,
                                                std::size_t depth_max) {
    MsgpackWriter writer{out};
    if (!writer.value(value, depth_max)) {
        writer.rewind(0);
        return std::unexpected{writer.error()};
    }
    return {};
}

}  // namespace warren::format
