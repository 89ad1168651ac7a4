#include "format/json/json_keys.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <tuple>
#include <vector>

namespace warren::format {
namespace {

constexpr std::size_t pairwise_max = 16;

struct Entry {
    std::uint64_t prefix;  // the first bytes, of which most keys differ in one: cheap to compare
    const Value* key;
};

std::uint64_t prefix_of(std::string_view key) noexcept {
    std::uint64_t prefix = 0;
    std::memcpy(&prefix, key.data(), std::min(key.size(), sizeof prefix));
    return prefix;
}

const Value* twice_of_few(std::span<const Member> members) noexcept {
    for (std::size_t later = 1; later < members.size(); ++later) {
        const std::string_view key = members[later].key.as_text();
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
            if (members[earlier].key.as_text() == key) {
                return &members[later].key;
            }
        }
    }
    return nullptr;
}

}  // namespace

const Value* key_twice(std::span<const Member> members) {
    if (members.size() <= pairwise_max) {
        return twice_of_few(members);
    }
    std::vector<Entry> entries;
    entries.reserve(members.size());
    for (const Member& member : members) {
        const std::string_view key = member.key.as_text();
        entries.push_back({key.empty() ? 0 : prefix_of(key), &member.key});
    }
    // Among equal keys the earlier member comes first.
    std::ranges::sort(entries, [](const Entry& left, const Entry& right) {
        if (left.prefix != right.prefix) {
            return left.prefix < right.prefix;
        }
        const int order = left.key->as_text().compare(right.key->as_text());
        return order != 0 ? order < 0 : left.key < right.key;
    });
    const auto twice =
        std::ranges::adjacent_find(entries, [](const Entry& left, const Entry& right) {
            return left.prefix == right.prefix && left.key->as_text() == right.key->as_text();
        });
    return twice == entries.end() ? nullptr : std::next(twice)->key;
}

}  // namespace warren::format
