#include <algorithm>
#include <string>

#include "model/bind.hpp"
#include "model/binder.hpp"
#include "model/type_label.hpp"

namespace warren::model {
namespace {

/// Whether a value is of a type's own kind, so that binding converts nothing.
bool is_own_kind(const Type& type, const Value& value) noexcept {
    switch (type.kind) {
    case Type::Kind::nothing:
        return value.is_null();
    case Type::Kind::boolean:
        return value.kind() == Value::Kind::boolean;
    case Type::Kind::integer:
        return value.is_integer();
    case Type::Kind::floating:
        return value.kind() == Value::Kind::float64;
    case Type::Kind::text:
    case Type::Kind::enumeration:
    case Type::Kind::uuid:
    case Type::Kind::timestamp:
    case Type::Kind::absolute_path:
    case Type::Kind::relative_path:
        return value.is_text();
    case Type::Kind::bytes:
        return value.kind() == Value::Kind::bytes;
    case Type::Kind::optional:
        return value.is_null() || is_own_kind(*type.element, value);
    case Type::Kind::list:
        return value.is_list();
    case Type::Kind::map:
    case Type::Kind::model:
        return value.is_map();
    case Type::Kind::choice:
        return std::ranges::any_of(type.alternatives, [&value](const Type* alternative) {
            return is_own_kind(*alternative, value);
        });
    case Type::Kind::secret:
        return is_own_kind(*type.element, value);
    case Type::Kind::dynamic:
        return true;
    }
    return false;
}

}  // namespace

bool Binder::bind_choice(const Type& type, const Value& value, void* target, const Location& at) {
    for (const bool own_kind : {true, false}) {
        for (std::size_t index = 0; index < type.alternatives.size(); ++index) {
            if (is_own_kind(*type.alternatives[index], value) != own_kind) {
                continue;
            }
            if (failed_attempts_ >= failed_attempts_max) {
                return refuse(at, "choice_limit", "Input has too many alternatives to try");
            }
            if (attempt(type, index, value, target)) {
                return true;
            }
            ++failed_attempts_;
        }
    }
    if (errors_.counting_only()) {
        return refuse(at, "choice", "");
    }
    for (std::size_t index = 0; index < type.alternatives.size(); ++index) {
        const Type& alternative = *type.alternatives[index];
        const std::string label = label_of(alternative);
        bind(alternative, value, type.operations.choose(target, index), at.in(label));
    }
    return false;
}

bool Binder::attempt(const Type& choice, std::size_t index, const Value& value, void* target) {
    const ErrorSink::Attempt silent{errors_};
    return bind(*choice.alternatives[index], value, choice.operations.choose(target, index),
                Location{});
}

}  // namespace warren::model
