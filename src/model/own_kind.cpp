#include "model/own_kind.hpp"

#include <algorithm>

namespace warren::model {

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
    case Type::Kind::duration:
    case Type::Kind::absolute_path:
    case Type::Kind::relative_path:
        return value.is_text();
    case Type::Kind::bytes:
        return value.kind() == Value::Kind::bytes;
    case Type::Kind::optional:
        return value.is_null() || is_own_kind(*type.element, value);
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::array:
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

}  // namespace warren::model
