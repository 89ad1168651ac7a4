#include <warren/dynamic.hpp>
#include <warren/error.hpp>

#include <algorithm>
#include <vector>

namespace warren {
namespace {

/// The parts of a list or map in its own arena, with room for one more.
/// in   capacity: how many there is room for; 0: as many as there are
template <typename Part>
Part* with_room(Arena& arena, std::span<const Part> parts, std::uint32_t& capacity) {
    if (parts.size() == Value::size_max) {
        throw Error{Code::internal, "A list or map of this size has no room for more"};
    }
    if (parts.size() < capacity) {
        return const_cast<Part*>(parts.data());  // NOLINT: it is this arena's
    }
    const std::size_t doubled = std::clamp<std::size_t>(parts.size() * 2, 4, Value::size_max);
    const std::span<Part> larger = arena.array<Part>(doubled);
    std::ranges::copy(parts, larger.begin());
    capacity = static_cast<std::uint32_t>(doubled);
    return larger.data();
}

[[noreturn]] void refuse(std::string_view wanted, const Value& value) {
    throw Error{Code::internal, "This needs a " + std::string{wanted} + ", and is called on " +
                                    std::string{name_of(value.kind())}};
}

}  // namespace

Dynamic::Dynamic(const Value& value) {
    switch (value.kind()) {
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::int64:
    case Value::Kind::uint64:
    case Value::Kind::float64:
        root_ = value;
        return;
    case Value::Kind::text:
    case Value::Kind::bytes:
    case Value::Kind::list:
    case Value::Kind::map:
        storage_ = std::make_unique<Arena>();
        root_ = storage_->copy(value);
        return;
    }
}

Dynamic::~Dynamic() = default;

void Dynamic::push_back(const Dynamic& item) {
    if (!root_.is_list() && !root_.is_null()) {
        refuse("list", root_);
    }
    if (!storage_) {
        storage_ = std::make_unique<Arena>();
    }
    const Value copied = storage_->copy(item.root_);
    const std::span<const Value> items =
        root_.is_list() ? root_.as_list() : std::span<const Value>{};
    Value* const held = with_room(*storage_, items, capacity_);
    held[items.size()] = copied;
    root_ = Value::list({held, items.size() + 1});
}

void Dynamic::insert_or_assign(std::string_view key, const Dynamic& item) {
    if (!root_.is_map() && !root_.is_null()) {
        refuse("map", root_);
    }
    if (!storage_) {
        storage_ = std::make_unique<Arena>();
    }
    const Value copied = storage_->copy(item.root_);
    if (const Value* const found = root_.find(key)) {
        *const_cast<Value*>(found) = copied;  // NOLINT: it is this arena's
        return;
    }
    const std::span<const Member> members =
        root_.is_map() ? root_.as_map() : std::span<const Member>{};
    const Value name = Value::text(storage_->copy(key));
    Member* const held = with_room(*storage_, members, capacity_);
    held[members.size()] = {name, copied};
    root_ = Value::map({held, members.size() + 1});
}

Dynamic Dynamic::list(std::initializer_list<Dynamic> items) {
    std::vector<Value> values;
    values.reserve(items.size());
    for (const Dynamic& item : items) {
        values.push_back(item.value());
    }
    return Dynamic{Value::list(values)};
}

Dynamic Dynamic::map(std::initializer_list<std::pair<std::string_view, Dynamic>> members) {
    std::vector<Member> entries;
    entries.reserve(members.size());
    for (const auto& [key, item] : members) {
        entries.push_back({Value::text(key), item.value()});
    }
    return Dynamic{Value::map(entries)};
}

}  // namespace warren
