#pragma once

#include "contract/diff.hpp"
#include "contract/document.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

/// Documents by hand, and diffs in short.
namespace warren::test {

using contract::DataType;
using contract::Demands;
using contract::FieldDocument;

inline DataType plain(Type::Kind kind) {
    return {.kind = kind};
}
inline DataType integer(std::uint32_t bits = 32) {
    return {.kind = Type::Kind::integer, .bits = bits, .is_signed = true};
}
inline DataType natural(std::uint32_t bits = 32) {
    return {.kind = Type::Kind::integer, .bits = bits};
}
inline DataType floating(std::uint32_t bits = 64) {
    return {.kind = Type::Kind::floating, .bits = bits};
}
inline DataType duration(Period period) {
    return {.kind = Type::Kind::duration, .bits = 64, .period = period};
}
inline DataType text() {
    return plain(Type::Kind::text);
}
inline DataType of(Type::Kind kind, std::vector<DataType> elements) {
    return {.kind = kind, .elements = std::move(elements)};
}
inline DataType array(std::size_t length, DataType element) {
    return {.kind = Type::Kind::array, .length = length, .elements = {std::move(element)}};
}
inline DataType model(std::string id) {
    return {.kind = Type::Kind::model, .reference = std::move(id)};
}
inline DataType enumeration(std::string id) {
    return {.kind = Type::Kind::enumeration, .reference = std::move(id)};
}

inline FieldDocument field(std::string name, DataType type, Demands demands = {}) {
    return {.name = std::move(name), .type = std::move(type), .demands = std::move(demands)};
}
inline FieldDocument optional_field(std::string name, DataType type,
                                    std::optional<Dynamic> default_value = {}) {
    return {.name = std::move(name),
            .type = std::move(type),
            .required = false,
            .default_value = std::move(default_value)};
}

/// A document of the method "m", with a few models and enumerations to refer to.
inline contract::Document document(DataType request, DataType response = {}) {
    contract::Document made;
    made.methods.push_back(
        {.name = "m", .request = std::move(request), .response = std::move(response)});
    return made;
}

inline void put(contract::Document& document, contract::ModelDocument model) {
    if (model.name.empty()) {
        model.name = model.id;
    }
    document.models.push_back(std::move(model));
    std::ranges::sort(document.models, {}, &contract::ModelDocument::id);
}

inline void put(contract::Document& document, std::string id,
                const std::vector<std::string>& enumerators) {
    contract::EnumerationDocument made{.id = id, .name = id};
    for (const std::string& name : enumerators) {
        made.enumerators.push_back({.name = name});
    }
    document.enumerations.push_back(std::move(made));
    std::ranges::sort(document.enumerations, {}, &contract::EnumerationDocument::id);
}

/// Each change as its verdict's first letter in upper case and its path below the method.
inline std::vector<std::string> in_short(const contract::Diff& changes) {
    std::vector<std::string> all;
    for (const contract::Change& change : changes.changes) {
        const std::string prefix = "methods.m";
        const std::string path =
            change.path.starts_with(prefix) ? change.path.substr(prefix.size()) : change.path;
        all.push_back(std::string{"CRB"[static_cast<std::size_t>(change.verdict)]} + " " + path);
    }
    return all;
}

}  // namespace warren::test
