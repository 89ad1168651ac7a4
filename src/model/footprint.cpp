#include "model/footprint.hpp"

#include <warren/model.hpp>

#include "model/bind.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <string>

namespace warren::model {
namespace {

// A node of a map or set beside its value: links, a hash or a colour, and what the allocator adds.
constexpr std::size_t node_bytes = sizeof(std::string) + 48;
constexpr std::size_t allocation_bytes = 16;

/// More than any limit.
constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

constexpr std::size_t sum(std::size_t some, std::size_t others) noexcept {
    return some > unbounded - others ? unbounded : some + others;
}

std::size_t of_characters(std::size_t size_bytes) noexcept {
    const std::size_t inside = std::string{}.capacity();
    return size_bytes <= inside ? 0 : size_bytes + allocation_bytes;
}

/// Of a value that is copied as it is.
std::size_t of_copy(const Value& value) noexcept {
    std::size_t bytes = sizeof(Value);
    switch (value.kind()) {
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::int64:
    case Value::Kind::uint64:
    case Value::Kind::float64:
        return bytes;
    case Value::Kind::text:
        return bytes + value.as_text().size();
    case Value::Kind::bytes:
        return bytes + value.as_bytes().size();
    case Value::Kind::list:
        for (const Value& item : value.as_list()) {
            bytes += of_copy(item);
        }
        return bytes;
    case Value::Kind::map:
        for (const Member& member : value.as_map()) {
            bytes += of_copy(member.key) + of_copy(member.value);
        }
        return bytes;
    }
    return bytes;
}

class Footprint {
public:
    std::size_t of(const Type& type, const Value& value) noexcept {
        switch (type.kind) {
        case Type::Kind::nothing:
        case Type::Kind::boolean:
        case Type::Kind::integer:
        case Type::Kind::floating:
        case Type::Kind::enumeration:
        case Type::Kind::uuid:
        case Type::Kind::timestamp:
        case Type::Kind::duration:
            return 0;
        case Type::Kind::text:
        case Type::Kind::bytes:
        case Type::Kind::absolute_path:
        case Type::Kind::relative_path:
            return of_octets(value);
        case Type::Kind::optional:
        case Type::Kind::secret:
            return of(*type.element, value);
        case Type::Kind::list:
            return of_list(*type.element, value);
        case Type::Kind::set:
            return of_items(*type.element, value, node_bytes + type.element->size_bytes);
        case Type::Kind::array:
            return of_items(*type.element, value, 0);
        case Type::Kind::map:
            return of_map(*type.element, value);
        case Type::Kind::choice:
            return of_choice(type, value);
        case Type::Kind::model:
            return of_model(*type.model(), value);
        case Type::Kind::dynamic:
            return of_copy(value);
        }
        return 0;
    }

private:
    static std::size_t of_octets(const Value& value) noexcept {
        return value.is_text()                      ? of_characters(value.as_text().size())
               : value.kind() == Value::Kind::bytes ? of_characters(value.as_bytes().size())
                                                    : 0;
    }

    std::size_t of_list(const Type& element, const Value& value) noexcept {
        if (!value.is_list()) {
            return 0;
        }
        const std::span<const Value> items = value.as_list();
        // It grows as its items are bound, and moves then.
        return within(items.size(), allocation_bytes + items.size() * element.size_bytes * 3 / 2,
                      [&](std::size_t at) { return of(element, items[at]); });
    }

    /// in   item_bytes: of each one, beside what it points to
    std::size_t of_items(const Type& element, const Value& value, std::size_t item_bytes) noexcept {
        if (!value.is_list()) {
            return 0;
        }
        const std::span<const Value> items = value.as_list();
        return within(items.size(), items.size() * item_bytes,
                      [&](std::size_t at) { return of(element, items[at]); });
    }

    std::size_t of_map(const Type& element, const Value& value) noexcept {
        const std::span<const Member> members = members_of(value);
        return within(members.size(), 0, [&](std::size_t at) {
            return sum(node_bytes + element.size_bytes + of_octets(members[at].key),
                       of(element, members[at].value));
        });
    }

    /// Which one it will be is not known before: the most that it may take.
    std::size_t of_choice(const Type& type, const Value& value) noexcept {
        std::size_t bytes = 0;
        ++choices_;
        for (const Type* const alternative : type.alternatives) {
            bytes = std::max(bytes, of(*alternative, value));
        }
        --choices_;
        return bytes;
    }

    std::size_t of_model(const Model& model, const Value& value) noexcept {
        return within(model.fields.size(), 0, [&](std::size_t at) {
            const Field& field = model.fields[at];
            const Value* const named = value.find(field.name);
            const Value* const placed = at_place(at, value);
            return sum(named != nullptr ? of(*field.type, *named) : 0,
                       placed != nullptr ? of(*field.type, *placed) : 0);
        });
    }

    /// Of so many parts.
    template <typename OfPart>
    std::size_t within(std::size_t parts, std::size_t bytes, const OfPart& of_part) noexcept {
        // Binding refuses what is deeper, arguments themselves not always counted.
        if (depth_ == bind_depth_max + 1) {
            return 0;
        }
        // Unions in one another may look at a value again and again.
        steps_ += choices_ != 0 ? parts : 0;
        if (steps_ > steps_max) {
            return unbounded;
        }
        ++depth_;
        for (std::size_t at = 0; at < parts && bytes != unbounded; ++at) {
            bytes = sum(bytes, of_part(at));
        }
        --depth_;
        return bytes;
    }

    /// Arguments by position are a list, or members whose keys are numbers.
    static const Value* at_place(std::size_t at, const Value& value) noexcept {
        if (value.is_list()) {
            return at < value.as_list().size() ? &value.as_list()[at] : nullptr;
        }
        const std::span<const Member> members = members_of(value);
        return at < members.size() && members[at].key.is_integer() ? &members[at].value : nullptr;
    }

    static std::span<const Member> members_of(const Value& value) noexcept {
        return value.is_map() ? value.as_map() : std::span<const Member>{};
    }

    static constexpr std::size_t steps_max = 4 * failed_attempts_max;

    std::size_t depth_ = 0;    // of lists, maps and models
    std::size_t choices_ = 0;  // that it is in
    std::size_t steps_ = 0;    // within them
};

}  // namespace

std::size_t footprint(const Type& type, const Value& value) noexcept {
    const std::size_t bytes = Footprint{}.of(type, value);
    if (type.kind != Type::Kind::model || type.model()->fields.size() != 1) {
        return bytes;
    }
    // A lone argument may stand for all.
    return std::max(bytes, Footprint{}.of(*type.model()->fields.front().type, value));
}

}  // namespace warren::model
