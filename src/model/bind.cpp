#include "model/bind.hpp"

#include "model/array_item.hpp"
#include "model/binder.hpp"
#include "model/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace warren::model {
namespace {

// Room that is reserved on the word of a list's length: past it the list grows as items do bind.
constexpr std::size_t reserved_items_max = 1024;

/// The member with a name. Peers mostly send members in the order of the description, so the search
/// starts behind the one found last.
const Member* find_member(std::span<const Member> members, std::size_t& next,
                          std::string_view name) noexcept {
    for (std::size_t step = 0; step < members.size(); ++step, ++next) {
        if (next >= members.size()) {
            next = 0;
        }
        const Member& member = members[next];
        if (member.key.is_text() && member.key.as_text() == name) {
            ++next;
            return &member;
        }
    }
    return nullptr;
}

}  // namespace

std::vector<FieldError> bind(const Type& type, const Value& value, void* target) {
    ErrorSink errors;
    Binder{errors}.bind(type, value, target, Location{});
    return errors.take();
}

bool Binder::bind(const Type& type, const Value& value, void* target, const Location& at) {
    switch (type.kind) {
    case Type::Kind::nothing:
        return value.is_null() || refuse(at, "none_required", "Input should be null");
    case Type::Kind::boolean:
        return bind_boolean(value, target, at);
    case Type::Kind::integer:
        return bind_integer(type, value, target, at);
    case Type::Kind::floating:
        return bind_floating(type, value, target, at);
    case Type::Kind::text:
        return bind_text(value, target, at);
    case Type::Kind::bytes:
        return bind_bytes(value, target, at);
    case Type::Kind::enumeration:
        return bind_enumeration(type, value, target, at);
    case Type::Kind::optional:
        return bind_optional(type, value, target, at);
    case Type::Kind::list:
        return bind_list(type, value, target, at);
    case Type::Kind::set:
        return bind_set(type, value, target, at);
    case Type::Kind::array:
        return bind_array(type, value, target, at);
    case Type::Kind::map:
        return bind_map(type, value, target, at);
    case Type::Kind::choice:
        return bind_choice(type, value, target, at);
    case Type::Kind::secret:
        return bind(*type.element, value, type.operations.emplace(target), at);
    case Type::Kind::model:
        return bind_named(*type.model(), value, target, at);
    case Type::Kind::uuid:
        return bind_uuid(value, target, at);
    case Type::Kind::timestamp:
        return bind_timestamp(value, target, at);
    case Type::Kind::duration:
        return bind_duration(type, value, target, at);
    case Type::Kind::absolute_path:
    case Type::Kind::relative_path:
        return bind_path(type, value, target, at);
    case Type::Kind::dynamic:
        *static_cast<Dynamic*>(target) = Dynamic{value};
        return true;
    }
    return false;
}

bool Binder::refuse(const Location& at, std::string_view type, std::string_view message) {
    errors_.add(at, type, message);
    return false;
}

bool Binder::refuse_depth(const Location& at) {
    return refuse(at, "recursion_limit", "Input should not be nested this deep");
}

bool Binder::refuse_missing(const Field& field, const Location& at) {
    return refuse(at.in(field.name), "missing", "Field is required");
}

bool Binder::refuse_too_many(std::size_t index, const Location& at) {
    return refuse(at.in(index), "too_many_arguments", "There is no parameter at this place");
}

bool Binder::bind_field(const Field& field, const Value& value, void* object, const Location& at) {
    void* target = field.access(object);
    return check_length_first(field.constraints, *field.type, value, at, errors_) &&
           bind(*field.type, value, target, at) &&
           check_field(field.constraints, *field.type, target, at, errors_);
}

bool Binder::bind_optional(const Type& type, const Value& value, void* target, const Location& at) {
    if (value.is_null()) {
        type.operations.reset(target);
        return true;
    }
    return bind(*type.element, value, type.operations.emplace(target), at);
}

bool Binder::bind_list(const Type& type, const Value& value, void* target, const Location& at) {
    if (!value.is_list()) {
        return refuse(at, "list_type", "Input should be a list");
    }
    const Nesting nesting{depth_};
    if (depth_ > bind_depth_max) {
        return refuse_depth(at);
    }
    const std::span<const Value> items = value.as_list();
    type.operations.clear(target);
    type.operations.reserve(target, std::min(items.size(), reserved_items_max));
    bool bound = true;
    for (std::size_t index = 0; index < items.size() && !errors_.decided(); ++index) {
        const Location item = at.in(index);
        if (type.operations.append_boolean != nullptr) {
            bool truth = false;
            bound &= bind(*type.element, items[index], &truth, item);
            type.operations.append_boolean(target, truth);
        } else {
            bound &= bind(*type.element, items[index], type.operations.append(target), item);
        }
    }
    return bound;
}

bool Binder::bind_set(const Type& type, const Value& value, void* target, const Location& at) {
    if (!value.is_list()) {
        return refuse(at, "set_type", "Input should be a list of different items");
    }
    const Nesting nesting{depth_};
    if (depth_ > bind_depth_max) {
        return refuse_depth(at);
    }
    type.operations.clear(target);
    struct Filling {
        Binder& binder;
        const Type& element;
        const Value& item;
        const Location& item_at;
    };
    bool bound = true;
    const std::span<const Value> items = value.as_list();
    for (std::size_t index = 0; index < items.size() && !errors_.decided(); ++index) {
        const Location item_at = at.in(index);
        Filling filling{*this, *type.element, items[index], item_at};
        const Inserted inserted =
            type.operations.insert_item(target, &filling, [](void* context, void* item) {
                auto& [binder, element, given, given_at] = *static_cast<Filling*>(context);
                return binder.bind(element, given, item, given_at);
            });
        switch (inserted) {
        case Inserted::done:
            break;
        case Inserted::not_filled:
            bound = false;
            break;
        case Inserted::duplicate:
            bound = refuse(item_at, "set_duplicate", "Item should not be there twice");
            break;
        case Inserted::crowded:
            return refuse(item_at, "hash_collisions",
                          "Too many items of this set have hashes alike (hash_collisions_max); "
                          "they look chosen for that");
        }
    }
    return bound;
}

bool Binder::bind_array(const Type& type, const Value& value, void* target, const Location& at) {
    if (!value.is_list()) {
        return refuse(at, "list_type", "Input should be a list");
    }
    const Nesting nesting{depth_};
    if (depth_ > bind_depth_max) {
        return refuse_depth(at);
    }
    const std::span<const Value> items = value.as_list();
    if (items.size() != type.length) {
        errors_.add(at, items.size() < type.length ? "too_short" : "too_long", [&] {
            return fmt::format("List should have exactly {} items, not {}", type.length,
                               items.size());
        });
        return false;
    }
    bool bound = true;
    for (std::size_t index = 0; index < items.size() && !errors_.decided(); ++index) {
        bound &= bind(*type.element, items[index], array_item(type, target, index), at.in(index));
    }
    return bound;
}

bool Binder::bind_map(const Type& type, const Value& value, void* target, const Location& at) {
    if (!value.is_map()) {
        return refuse(at, "dict_type", "Input should be an object");
    }
    const Nesting nesting{depth_};
    if (depth_ > bind_depth_max) {
        return refuse_depth(at);
    }
    type.operations.clear(target);
    bool bound = true;
    std::size_t index = 0;
    for (const Member& member : value.as_map()) {
        if (errors_.decided()) {
            break;
        }
        if (member.key.is_text()) {
            const std::string_view key = member.key.as_text();
            void* const content = type.operations.insert(target, key);
            if (content == nullptr) {
                return refuse(at.in(key), "hash_collisions",
                              "Too many keys of this object have hashes alike "
                              "(hash_collisions_max); they look chosen for that");
            }
            bound &= bind(*type.element, member.value, content, at.in(key));
        } else {
            bound = refuse(at.in(index), "string_type", "The key of a member should be text");
        }
        ++index;
    }
    return bound;
}

bool Binder::bind_named(const Model& model, const Value& value, void* target, const Location& at) {
    if (!value.is_map()) {
        return refuse(at, "model_type", "Input should be an object");
    }
    const Nesting nesting{depth_};
    if (depth_ > bind_depth_max) {
        return refuse_depth(at);
    }
    const std::span<const Member> members = value.as_map();
    bool bound = true;
    std::size_t next = 0;
    std::size_t found = 0;
    for (const Field& field : model.fields) {
        if (errors_.decided()) {
            return false;
        }
        if (const Member* member = find_member(members, next, field.name)) {
            ++found;
            bound &= bind_field(field, member->value, target, at.in(field.name));
        } else if (field.required) {
            bound = refuse_missing(field, at);
        }
    }
    if (model.extra_fields == ExtraFields::forbid && found < members.size()) {
        bound &= refuse_extras(model, members, at);
    }
    return bound && run_checks(model.checks, target, at, errors_);
}

bool Binder::refuse_extras(const Model& model, std::span<const Member> members,
                           const Location& at) {
    constexpr std::string_view message = "There is no field of this name";
    bool bound = true;
    for (std::size_t index = 0; index < members.size() && !errors_.decided(); ++index) {
        const Value& key = members[index].key;
        if (!key.is_text()) {
            bound = refuse(at.in(index), "extra_forbidden", message);
        } else if (model.find(key.as_text()) == nullptr) {
            bound = refuse(at.in(key.as_text()), "extra_forbidden", message);
        }
    }
    return bound;
}

bool Binder::bind_positional(const Model& model, std::span<const Value> items, void* target,
                             const Location& at) {
    const Nesting nesting{depth_};
    bool bound = true;
    for (std::size_t index = 0; index < model.fields.size(); ++index) {
        const Field& field = model.fields[index];
        if (index < items.size()) {
            bound &= bind_field(field, items[index], target, at.in(index));
        } else if (field.required) {
            bound = refuse_missing(field, at);
        }
    }
    for (std::size_t index = model.fields.size(); index < items.size(); ++index) {
        bound = refuse_too_many(index, at);
    }
    return bound && run_checks(model.checks, target, at, errors_);
}

}  // namespace warren::model
