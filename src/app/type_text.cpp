#include "app/type_text.hpp"

#include <warren/model.hpp>

#include <string_view>

namespace warren::app {
namespace {

std::string type_name(const Type& type) {
    switch (type.kind) {
    case Type::Kind::nothing:
        return "nothing";
    case Type::Kind::boolean:
        return "true or false";
    case Type::Kind::integer:
        return (type.is_signed ? "integer (" : "unsigned integer (") +
               std::to_string(type.size_bytes * 8) + " bits)";
    case Type::Kind::floating:
        return "number";
    case Type::Kind::text:
        return "text";
    case Type::Kind::bytes:
        return "bytes";
    case Type::Kind::enumeration: {
        std::string names;
        for (const Enumerator& enumerator : type.enumerators) {
            names.append(names.empty() ? "" : " | ").append(enumerator.name);
        }
        return names;
    }
    case Type::Kind::optional:
        return type_name(*type.element) + " or null";
    case Type::Kind::list:
        return "list of " + type_name(*type.element);
    case Type::Kind::set:
        return "set of " + type_name(*type.element);
    case Type::Kind::array:
        return "list of exactly " + std::to_string(type.length) + " " + type_name(*type.element);
    case Type::Kind::map:
        return "map of " + type_name(*type.element);
    case Type::Kind::choice: {
        std::string names;
        for (const Type* alternative : type.alternatives) {
            names += (names.empty() ? "" : " or ") + type_name(*alternative);
        }
        return names;
    }
    case Type::Kind::secret:
        return "secret " + type_name(*type.element);
    case Type::Kind::model:
        return type.model()->name;
    case Type::Kind::uuid:
        return "UUID";
    case Type::Kind::timestamp:
        return "time stamp";
    case Type::Kind::duration:
        return "duration";
    case Type::Kind::absolute_path:
        return "absolute path";
    case Type::Kind::relative_path:
        return "relative path";
    case Type::Kind::dynamic:
        return "anything";
    }
    return {};
}

}  // namespace

std::string describe_type(const Type& type) {
    std::string text = type_name(type) + "\n";
    if (type.kind != Type::Kind::model) {
        return text;
    }
    for (const Field& field : type.model()->fields) {
        text += "        " + field.name + ": " + type_name(*field.type);
        text += field.required ? "" : ", optional";
        text += field.description.empty() ? "\n" : ". " + field.description + "\n";
    }
    return text;
}

}  // namespace warren::app
