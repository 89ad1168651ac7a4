#include "model/type_label.hpp"

#include <warren/model.hpp>

namespace warren::model {

std::string label_of(const Type& type) {
    switch (type.kind) {
    case Type::Kind::nothing:
        return "none";
    case Type::Kind::boolean:
        return "bool";
    case Type::Kind::integer:
        return "int";
    case Type::Kind::floating:
        return "float";
    case Type::Kind::text:
        return "str";
    case Type::Kind::bytes:
        return "bytes";
    case Type::Kind::enumeration:
        return std::string{type.name};
    case Type::Kind::optional:
        return "optional[" + label_of(*type.element) + "]";
    case Type::Kind::list:
        return "list[" + label_of(*type.element) + "]";
    case Type::Kind::set:
        return "set[" + label_of(*type.element) + "]";
    case Type::Kind::array:
        return "list[" + label_of(*type.element) + "," + std::to_string(type.length) + "]";
    case Type::Kind::map:
        return "dict[str," + label_of(*type.element) + "]";
    case Type::Kind::choice: {
        std::string label = "union[";
        for (const Type* alternative : type.alternatives) {
            label += label_of(*alternative);
            label += ',';
        }
        label.back() = ']';
        return label;
    }
    case Type::Kind::secret:
        return "secret[" + label_of(*type.element) + "]";
    case Type::Kind::model:
        return type.model()->name;
    case Type::Kind::uuid:
        return "uuid";
    case Type::Kind::timestamp:
        return "datetime";
    case Type::Kind::duration:
        return "timedelta";
    case Type::Kind::absolute_path:
        return "absolute_path";
    case Type::Kind::relative_path:
        return "relative_path";
    case Type::Kind::dynamic:
        return "any";
    }
    return "any";
}

}  // namespace warren::model
