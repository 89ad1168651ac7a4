#include <warren/value.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace warren {
namespace {

bool equal_maps(std::span<const Member> left, std::span<const Member> right) noexcept {
    if (left.size() != right.size()) {
        return false;
    }
    for (std::size_t at = 0; at < left.size(); ++at) {
        const Member& member = left[at];
        if (right[at].key == member.key) {
            if (!(right[at].value == member.value)) {
                return false;
            }
            continue;
        }
        const auto other = std::ranges::find_if(
            right, [&member](const Member& candidate) { return candidate.key == member.key; });
        if (other == right.end() || !(other->value == member.value)) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool operator==(const Value& left, const Value& right) noexcept {
    if (left.kind() != right.kind()) {
        return false;
    }
    switch (left.kind()) {
    case Value::Kind::null:
        return true;
    case Value::Kind::boolean:
        return left.as_boolean() == right.as_boolean();
    case Value::Kind::int64:
    case Value::Kind::uint64:
        return left.as_uint64() == right.as_uint64();
    case Value::Kind::float64:
        return left.as_float64() == right.as_float64() ||
               (std::isnan(left.as_float64()) && std::isnan(right.as_float64()));
    case Value::Kind::text:
        return left.as_text() == right.as_text();
    case Value::Kind::bytes:
        return std::ranges::equal(left.as_bytes(), right.as_bytes());
    case Value::Kind::list:
        return std::ranges::equal(left.as_list(), right.as_list());
    case Value::Kind::map:
        return equal_maps(left.as_map(), right.as_map());
    }
    return false;
}

std::string_view name_of(Value::Kind kind) noexcept {
    switch (kind) {
    case Value::Kind::null:
        return "null";
    case Value::Kind::boolean:
        return "boolean";
    case Value::Kind::int64:
    case Value::Kind::uint64:
        return "integer";
    case Value::Kind::float64:
        return "float";
    case Value::Kind::text:
        return "text";
    case Value::Kind::bytes:
        return "bytes";
    case Value::Kind::list:
        return "list";
    case Value::Kind::map:
        return "object";
    }
    return "unknown";
}

}  // namespace warren
