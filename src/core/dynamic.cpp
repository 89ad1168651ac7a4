#include <warren/dynamic.hpp>

#include <vector>

namespace warren {

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
