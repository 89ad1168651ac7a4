#include "model/arguments.hpp"

#include <warren/model.hpp>

#include "model/binder.hpp"

namespace warren::model {
namespace {

void bind_call(const Type& request, ArgumentStyle style, const Value& arguments, void* target,
               ErrorSink& errors) {
    const Location root{};
    Binder binder{errors};
    if (request.kind != Type::Kind::model) {
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
    const bool bare = style == ArgumentStyle::bare;
    if (bare && model.shape == ModelShape::parameters && model.fields.size() == 1) {
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

}  // namespace warren::model
