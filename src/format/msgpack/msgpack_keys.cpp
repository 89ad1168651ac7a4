#include "format/msgpack/msgpack_keys.hpp"

#include "core/utf8.hpp"
#include "format/json/json_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace warren::format {
namespace {

constexpr std::size_t shown_key_bytes_max = 64;

std::string shown(const Value& key) {
    switch (key.kind()) {
    case Value::Kind::int64:
        return fmt::format("the integer {}", key.as_int64());
    case Value::Kind::uint64:
        return fmt::format("the integer {}", key.as_uint64());
    case Value::Kind::float64:
        return fmt::format("the float {}", key.as_float64());
    case Value::Kind::boolean:
        return key.as_boolean() ? "true" : "false";
    case Value::Kind::text:
        return fmt::format("\"{}\"", core::text_for_display(key.as_text(), shown_key_bytes_max));
    case Value::Kind::null:
        return "nil";
    case Value::Kind::bytes:
        return "bytes";
    case Value::Kind::list:
        return "a list";
    case Value::Kind::map:
        return "a map";
    }
    return {};
}

/// What is wrong with the keys of this one map; empty: nothing.
std::string wrong_of(std::span<const Member> members, bool text_keys) {
    std::vector<Member> texts;
    for (const Member& member : members) {
        if (member.key.is_text()) {
            texts.push_back(member);
        } else if (text_keys) {
            return shown(member.key) + ", which should be text,";
        }
    }
    const Value* const twice = key_twice(texts);
    return twice == nullptr ? std::string{} : shown(*twice) + ", for the second time,";
}

/// Maps inside of a value first, as they end first.
std::optional<std::string> find(const Value& value, bool text_keys, const std::string& path) {
    if (value.is_list()) {
        for (std::size_t at = 0; at < value.as_list().size(); ++at) {
            const std::string here = fmt::format("{}[{}]", path, at);
            if (auto found = find(value.as_list()[at], text_keys, here)) {
                return found;
            }
        }
    }
    if (!value.is_map()) {
        return std::nullopt;
    }
    for (const Member& member : value.as_map()) {
        const std::string here =
            member.key.is_text()
                ? path + '.' + core::text_for_display(member.key.as_text(), shown_key_bytes_max)
                : fmt::format("{}({})", path, shown(member.key));
        if (auto found = find(member.value, text_keys, here)) {
            return found;
        }
    }
    const std::string wrong = wrong_of(value.as_map(), text_keys);
    return wrong.empty() ? std::nullopt
                         : std::optional{fmt::format(": {} in the map at {}", wrong,
                                                     path.empty() ? "the top" : path)};
}

}  // namespace

std::optional<std::string> msgpack_wrong_key(const Value& value, bool text_keys) {
    return find(value, text_keys, {});
}

}  // namespace warren::format
