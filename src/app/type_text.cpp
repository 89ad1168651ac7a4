#include "app/type_text.hpp"

#include <string_view>

namespace warren::app {
namespace {

using contract::DataType;
using contract::Document;

std::string type_name(const Document& document, const DataType& type) {
    const auto element = [&] { return type_name(document, type.elements.front()); };
    switch (type.kind) {
    case Type::Kind::nothing:
        return "nothing";
    case Type::Kind::boolean:
        return "true or false";
    case Type::Kind::integer:
        return (type.is_signed ? "integer (" : "unsigned integer (") + std::to_string(type.bits) +
               " bits)";
    case Type::Kind::floating:
        return "number";
    case Type::Kind::text:
        return "text";
    case Type::Kind::bytes:
        return "bytes";
    case Type::Kind::enumeration: {
        std::string names;
        for (const auto& each : document.find_enumeration(type.reference)->enumerators) {
            names.append(names.empty() ? "" : " | ").append(each.name);
        }
        return names;
    }
    case Type::Kind::optional:
        return element() + " or null";
    case Type::Kind::list:
        return "list of " + element();
    case Type::Kind::set:
        return "set of " + element();
    case Type::Kind::array:
        return "list of exactly " + std::to_string(type.length) + " " + element();
    case Type::Kind::map:
        return "map of " + element();
    case Type::Kind::choice: {
        std::string names;
        for (const DataType& alternative : type.elements) {
            names += (names.empty() ? "" : " or ") + type_name(document, alternative);
        }
        return names;
    }
    case Type::Kind::secret:
        return "secret " + element();
    case Type::Kind::model:
        return document.find_model(type.reference)->name;
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

std::string describe_type(const Document& document, const DataType& type) {
    std::string text = type_name(document, type) + "\n";
    if (type.kind != Type::Kind::model) {
        return text;
    }
    for (const contract::FieldDocument& field : document.find_model(type.reference)->fields) {
        text += "        " + field.name + ": " + type_name(document, field.type);
        text += field.required ? "" : ", optional";
        text += field.description.empty() ? "\n" : ". " + field.description + "\n";
    }
    return text;
}

}  // namespace warren::app
