#include "docs/python_field.hpp"

#include "docs/names.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::Demands;
using contract::FieldDocument;

/// What JSON Schema says of a demand; in pydantic's own schemas of the models.
std::vector<std::pair<std::string_view, std::string>> schema_words(const FieldDocument& field) {
    std::vector<std::pair<std::string_view, std::string>> words;
    const DataType* type = &field.type;
    while (type->kind == Type::Kind::optional || type->kind == Type::Kind::secret) {
        type = &type->elements.front();
    }
    const Demands& demands = field.demands;
    const auto bound = [&words](std::string_view word, const std::optional<Dynamic>& limit) {
        if (limit) {
            words.emplace_back(word, python_value(limit->value()));
        }
    };
    const auto length = [&words](std::string_view word, const std::optional<std::size_t>& limit) {
        if (limit) {
            words.emplace_back(word, fmt::format("{}", *limit));
        }
    };
    if (type->kind == Type::Kind::integer || type->kind == Type::Kind::floating) {
        bound("exclusiveMinimum", demands.greater_than);
        bound("minimum", demands.at_least);
        bound("exclusiveMaximum", demands.less_than);
        bound("maximum", demands.at_most);
    } else if (type->kind == Type::Kind::text || type->kind == Type::Kind::absolute_path ||
               type->kind == Type::Kind::relative_path) {
        length("minLength", demands.min_length);
        length("maxLength", demands.max_length);
    } else if (type->kind == Type::Kind::list || type->kind == Type::Kind::set) {
        length("minItems", demands.min_length);
        length("maxItems", demands.max_length);
    } else if (type->kind == Type::Kind::map) {
        length("minProperties", demands.min_length);
        length("maxProperties", demands.max_length);
    }
    return words;
}

std::string demanded(const Demands& demands) {
    std::string text;
    const auto bound = [&text](std::string_view name, const std::optional<Dynamic>& limit) {
        if (limit) {
            text += fmt::format(", {}={}", name, python_value(limit->value()));
        }
    };
    const auto length = [&text](std::string_view name, const std::optional<std::size_t>& limit) {
        if (limit) {
            text += fmt::format(", {}={}", name, *limit);
        }
    };
    bound("more_than", demands.greater_than);
    bound("at_least", demands.at_least);
    bound("less_than", demands.less_than);
    bound("at_most", demands.at_most);
    length("min_length", demands.min_length);
    length("max_length", demands.max_length);
    if (!demands.pattern.empty()) {
        text += fmt::format(", pattern={}", literal_of(demands.pattern, Language::python));
    }
    return text;
}

std::string list_value(const std::vector<Dynamic>& items) {
    std::string text;
    for (const Dynamic& item : items) {
        text += (text.empty() ? "" : ", ") + python_value(item.value());
    }
    return "[" + text + "]";
}

std::string python_default(const FieldDocument& field) {
    if (field.required) {
        return "...";
    }
    if (!field.default_value) {
        return "None";
    }
    const Value& value = field.default_value->value();
    const bool is_container = value.is_list() || value.is_map();
    return (is_container ? "default_factory=lambda: " : "") + python_value(value);
}

void write_schema_words(std::string& out, const FieldDocument& field, Pydantic pydantic) {
    const auto words = schema_words(field);
    if (words.empty()) {
        return;
    }
    std::string extra;
    for (const auto& [word, value] : words) {
        if (pydantic == Pydantic::v1) {
            out += fmt::format("        {}={},\n", word, value);
        } else {
            extra += fmt::format("{}\"{}\": {}", extra.empty() ? "" : ", ", word, value);
        }
    }
    if (!extra.empty()) {
        out += fmt::format("        json_schema_extra={{{}}},\n", extra);
    }
}

}  // namespace

std::string python_field(const FieldDocument& field, const std::string& name, std::string kind,
                         const PythonClasses& classes, Pydantic pydantic) {
    std::string out;
    const bool is_hidden = field.is_secret || field.type.kind == Type::Kind::secret;
    std::string hint = python_hint(field.type, classes);
    if (is_hidden && field.type.kind != Type::Kind::secret) {
        kind = fmt::format("_w.Secret({})", kind);
        hint = hint == "str" ? hint : fmt::format("Union[{}, str]", hint);
    }
    // A default that is null is not told, nor is that of a secret, which may be anything.
    const bool is_told = field.required || field.default_value.has_value() || !is_hidden;
    const std::string alias = name == field.name ? "" : literal_of(field.name, Language::python);
    for (const std::string& check : field.demands.checks) {
        append_comment(out, "    # ", "The server checks, too: " + check);
    }
    out += fmt::format("    {}: Annotated[{}, _w.Of({}{}{}{})] = Field(\n", name, hint, kind,
                       alias.empty() ? "" : ", wire=" + alias, is_told ? "" : ", told=False",
                       demanded(field.demands));
    out += fmt::format("        {},\n", python_default(field));
    if (!alias.empty()) {
        out += fmt::format("        alias={},\n", alias);
    }
    if (!field.description.empty()) {
        out += fmt::format("        description={},\n",
                           literal_of(field.description, Language::python));
    }
    if (is_hidden) {
        out += "        repr=False,\n";
    } else if (!field.examples.empty()) {
        out += fmt::format("        examples={},\n", list_value(field.examples));
    }
    write_schema_words(out, field, pydantic);
    out += "    )\n";
    return out;
}

}  // namespace warren::docs
