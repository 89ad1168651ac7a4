#include "model/arguments.hpp"

#include <warren/model.hpp>

#include "model/binder.hpp"
#include "model/check.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace warren::model {
namespace {

bool is_position(const Member& member) noexcept {
    return member.key.is_integer();
}

/// Whether a value of the type may be a map itself.
bool may_be_map(const Type& type) noexcept {
    switch (type.kind) {
    case Type::Kind::optional:
    case Type::Kind::secret:
        return may_be_map(*type.element);
    case Type::Kind::choice:
        return std::ranges::any_of(type.alternatives,
                                   [](const Type* each) { return may_be_map(*each); });
    case Type::Kind::map:
    case Type::Kind::model:
    case Type::Kind::dynamic:
        return true;
    case Type::Kind::nothing:
    case Type::Kind::boolean:
    case Type::Kind::integer:
    case Type::Kind::floating:
    case Type::Kind::text:
    case Type::Kind::bytes:
    case Type::Kind::enumeration:
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::array:
    case Type::Kind::uuid:
    case Type::Kind::timestamp:
    case Type::Kind::duration:
    case Type::Kind::absolute_path:
    case Type::Kind::relative_path:
        return false;
    }
    return false;
}

/// Whether what stands there is a plain function's single argument.
bool is_lone_argument(const Model& model, const Value& arguments) noexcept {
    return model.shape == ModelShape::parameters && model.fields.size() == 1 &&
           (!arguments.is_map() || may_be_map(*model.fields.front().type));
}

/// By position first, then by name, as Python calls its functions.
void bind_mixed(Binder& binder, const Model& model, std::span<const Member> arguments, void* target,
                ErrorSink& errors) {
    const Location root{};
    const auto names = std::ranges::find_if_not(arguments, is_position);
    const auto count = static_cast<std::size_t>(names - arguments.begin());
    bool bound = true;
    for (std::size_t index = 0; index < model.fields.size(); ++index) {
        const Field& field = model.fields[index];
        const Value* const named = Value::map(arguments).find(field.name);
        if (index < count) {
            bound &= binder.bind_field(field, arguments[index].value, target, root.in(index));
            if (named != nullptr) {
                errors.add(root.in(field.name), "multiple_values",
                           "The field is given by position, too");
                bound = false;
            }
        } else if (named != nullptr) {
            bound &= binder.bind_field(field, *named, target, root.in(field.name));
        } else if (field.required) {
            bound = binder.refuse_missing(field, root);
        }
    }
    for (std::size_t index = model.fields.size(); index < count; ++index) {
        bound = binder.refuse_too_many(index, root);
    }
    if (model.shape == ModelShape::parameters || model.extra_fields == ExtraFields::forbid) {
        bound &= binder.refuse_extras(model, {names, arguments.end()}, root);
    }
    if (bound) {
        static_cast<void>(run_checks(model.checks, target, root, errors));
    }
}

void bind_call(const Type& request, ArgumentStyle style, const Value& arguments, void* target,
               ErrorSink& errors) {
    const Location root{};
    Binder binder{errors};
    if (request.kind != Type::Kind::model) {
        if (style == ArgumentStyle::mixed && arguments.is_map() &&
            std::ranges::any_of(arguments.as_map(), is_position)) {
            return errors.add(root, "arguments_type", "There should be one argument");
        }
        const bool wrapped = style == ArgumentStyle::positional && arguments.is_list();
        const bool none = (wrapped && arguments.as_list().empty()) ||
                          (arguments.is_map() && arguments.as_map().empty());
        if (request.kind == Type::Kind::nothing && none) {
            return;
        }
        if (wrapped && arguments.as_list().size() == 1) {
            binder.bind(request, arguments.as_list().front(), target, root.in(std::size_t{0}));
        } else if (wrapped) {
            errors.add(root, "arguments_type", "There should be one argument");
        } else {
            binder.bind(request, arguments, target, root);
        }
        return;
    }

    const Model& model = *request.model();
    if (style == ArgumentStyle::mixed && arguments.is_map()) {
        return bind_mixed(binder, model, arguments.as_map(), target, errors);
    }
    const bool bare = style == ArgumentStyle::bare;
    if (bare && is_lone_argument(model, arguments)) {
        const Field& field = model.fields.front();
        binder.bind_field(field, arguments, target, root.in(field.name));
    } else if (arguments.is_list() && style != ArgumentStyle::named) {
        binder.bind_positional(model, arguments.as_list(), target, root);
    } else if (bare && arguments.is_null() && model.fields.empty()) {
        binder.bind_positional(model, {}, target, root);
    } else if (arguments.is_map() || !bare) {
        binder.bind_named(model, arguments, target, root);
    } else {
        binder.bind_positional(model, {&arguments, 1}, target, root);
    }
}

}  // namespace

std::vector<FieldError> bind_arguments(const Type& request, ArgumentStyle style,
                                       const Value& arguments, void* target) {
    ErrorSink errors;
    bind_call(request, style, arguments, target, errors);
    return errors.take();
}

std::vector<FieldError> bind_arguments(const Type& request, ArgumentStyle style,
                                       const Value& arguments, const DecryptionOptions& options,
                                       Arena& arena, void* target) {
    ErrorSink errors;
    const Value opened = decrypt(request, arguments, options, arena, errors);
    ErrorSink bound;
    bind_call(request, style, opened, target, bound);
    errors.append(std::move(bound));
    return errors.take();
}

}  // namespace warren::model
