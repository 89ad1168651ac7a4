#include "model/render.hpp"

#include <warren/model.hpp>

#include "core/timestamp.hpp"
#include "core/uuid.hpp"
#include "model/array_item.hpp"
#include "model/check.hpp"
#include "model/duration.hpp"
#include "model/number.hpp"

#include <array>
#include <charconv>
#include <span>
#include <string>

namespace warren::model {
namespace {

/// A float as the double that has the same shortest text: 0.1f goes out as 0.1, and comes back as
/// 0.1f, where the plain conversion would show 0.10000000149011612.
double widened(float number) noexcept {
    std::array<char, 32> text;
    double widened = number;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    std::from_chars(text.data(), written.ptr, widened);
    return widened;
}

Value render_floating(const Type& type, const void* object) noexcept {
    if (type.size_bytes == sizeof(float)) {
        return Value::floating(widened(*static_cast<const float*>(object)));
    }
    return Value::floating(*static_cast<const double*>(object));
}

Value render_uuid(const Uuid& uuid, Arena& arena) {
    const std::span<char> text = arena.array<char>(core::uuid_text_size);
    core::format_uuid(uuid, text.data());
    return Value::text({text.data(), text.size()});
}

Value render_timestamp(Timestamp timestamp, Arena& arena) {
    const std::span<char> text = arena.array<char>(core::timestamp_text_size_max);
    return Value::text({text.data(), core::format_timestamp(timestamp, text.data())});
}

Value render_list(const Type& type, const void* object, Arena& arena) {
    const std::span<Value> items = arena.array<Value>(type.operations.size(object));
    for (std::size_t index = 0; index < items.size(); ++index) {
        items[index] = render(*type.element, type.operations.at(object, index), arena);
    }
    return Value::list(items);
}

Value render_set(const Type& type, const void* object, Arena& arena) {
    struct Visit {
        const Type& element;
        Arena& arena;
        Value* next;
    };
    const std::span<Value> items = arena.array<Value>(type.operations.size(object));
    Visit visit{*type.element, arena, items.data()};
    type.operations.each_item(object, &visit, [](void* context, const void* item) {
        auto& [element, parts, next] = *static_cast<Visit*>(context);
        *next++ = render(element, item, parts);
    });
    return Value::list(items);
}

Value render_array(const Type& type, const void* object, Arena& arena) {
    const std::span<Value> items = arena.array<Value>(type.length);
    for (std::size_t index = 0; index < items.size(); ++index) {
        items[index] = render(*type.element, array_item(type, object, index), arena);
    }
    return Value::list(items);
}

Value render_duration(const Type& type, const void* object, Arena& arena) {
    const std::span<char> text = arena.array<char>(duration_text_size_max);
    const std::int64_t count = load_integer(type, object).as_int64();
    return Value::text({text.data(), format_duration(type, count, text.data())});
}

Value render_map(const Type& type, const void* object, Arena& arena) {
    struct Visit {
        const Type& element;
        Arena& arena;
        Member* next;
    };
    const std::span<Member> members = arena.array<Member>(type.operations.size(object));
    Visit visit{*type.element, arena, members.data()};
    type.operations.each(object, &visit, [](void* context, std::string_view key, const void* held) {
        auto& [element, parts, next] = *static_cast<Visit*>(context);
        *next++ = {Value::text(key), render(element, held, parts)};
    });
    return Value::map(members);
}

Value render_model(const Model& model, const void* object, Arena& arena) {
    const std::span<Member> members = arena.array<Member>(model.fields.size());
    for (std::size_t index = 0; index < members.size(); ++index) {
        const Field& field = model.fields[index];
        members[index] = {Value::text(field.name),
                          render(*field.type, field.access_const(object), arena)};
    }
    return Value::map(members);
}

}  // namespace

Value render(const Type& type, const void* object, Arena& arena) {
    switch (type.kind) {
    case Type::Kind::nothing:
        return Value::null();
    case Type::Kind::boolean:
        return Value::boolean(*static_cast<const bool*>(object));
    case Type::Kind::integer:
        return load_integer(type, object);
    case Type::Kind::floating:
        return render_floating(type, object);
    case Type::Kind::text:
        return Value::text(*static_cast<const std::string*>(object));
    case Type::Kind::bytes:
        return Value::bytes(*static_cast<const Bytes*>(object));
    case Type::Kind::enumeration: {
        const Enumerator* enumerator = enumerator_of(type, object);
        return enumerator != nullptr ? Value::text(enumerator->name) : Value::null();
    }
    case Type::Kind::optional: {
        const void* held = type.operations.peek(object);
        return held != nullptr ? render(*type.element, held, arena) : Value::null();
    }
    case Type::Kind::list:
        return render_list(type, object, arena);
    case Type::Kind::set:
        return render_set(type, object, arena);
    case Type::Kind::array:
        return render_array(type, object, arena);
    case Type::Kind::map:
        return render_map(type, object, arena);
    case Type::Kind::choice: {
        const std::size_t index = type.operations.alternative(object);
        return index < type.alternatives.size()
                   ? render(*type.alternatives[index], type.operations.peek(object), arena)
                   : Value::null();
    }
    case Type::Kind::secret:
        return render(*type.element, type.operations.peek(object), arena);
    case Type::Kind::model:
        return render_model(*type.model(), object, arena);
    case Type::Kind::uuid:
        return render_uuid(*static_cast<const Uuid*>(object), arena);
    case Type::Kind::timestamp:
        return render_timestamp(*static_cast<const Timestamp*>(object), arena);
    case Type::Kind::duration:
        return render_duration(type, object, arena);
    case Type::Kind::absolute_path:
        return Value::text(static_cast<const AbsolutePath*>(object)->text);
    case Type::Kind::relative_path:
        return Value::text(static_cast<const RelativePath*>(object)->text);
    case Type::Kind::dynamic:
        return static_cast<const Dynamic*>(object)->value();
    }
    return Value::null();
}

}  // namespace warren::model
