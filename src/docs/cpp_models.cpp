#include "docs/cpp_models.hpp"

#include "docs/cpp_order.hpp"
#include "docs/cpp_types.hpp"
#include "docs/html.hpp"
#include "docs/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::EnumerationDocument;
using contract::FieldDocument;
using contract::MethodDocument;
using contract::ModelDocument;
using Kind = Type::Kind;

constexpr std::size_t cpp_macro_items_max = 320;  // see WARREN_FOR_EACH

constexpr std::string_view cpp_head = R"cpp(#pragma once

#include <warren/contract.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <ratio>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>
)cpp";

constexpr std::string_view cpp_by_json = R"cpp(/// Orders what has no order of its own by what it is
                                               /// on the wire.
                                               struct ByJson {
                                                   bool operator()(const auto& left, const auto& right) const {
                                                       return warren::Dynamic::of(left).to_json() < warren::Dynamic::of(right).to_json();
                                                   }
                                               };
)cpp";

bool needs_by_json(const DataType& type, const CppNames& names) {
    return cpp_type(type, names).contains("::ByJson>");
}

class CppModels {
public:
    explicit CppModels(const contract::Document& document)
        : document_{document}, order_{cpp_order(document)}, names_{cpp_names(document)} {}

    std::string write() {
        out_ = cpp_head;
        append_comment(out_, "// ",
                       "Made by `warren models` from a contract with the fingerprint\n" +
                           document_.fingerprint);
        out_ += fmt::format("\nnamespace {} {{\n\n", cpp_namespace);
        if (std::ranges::any_of(document_.models,
                                [this](const ModelDocument& model) {
                                    return std::ranges::any_of(
                                        model.fields, [this](const FieldDocument& field) {
                                            return needs_by_json(field.type, names_);
                                        });
                                }) ||
            std::ranges::any_of(document_.methods, [this](const MethodDocument& method) {
                return needs_by_json(method.request, names_) ||
                       needs_by_json(method.response, names_) ||
                       (method.part && needs_by_json(*method.part, names_));
            })) {
            out_ += cpp_by_json;
        }
        std::ranges::for_each(document_.enumerations,
                              [this](const auto& each) { write_enumeration(each); });
        write_declarations();
        std::ranges::for_each(order_.models, [this](const auto* each) { write_struct(*each); });
        std::ranges::for_each(order_.models, [this](const auto* each) { write_model(*each); });
        std::ranges::for_each(document_.methods, [this](const auto& each) { write_method(each); });
        out_ += fmt::format("\n}}  // namespace {}\n", cpp_namespace);
        return std::move(out_);
    }

private:
    void write_enumeration(const EnumerationDocument& enumeration) {
        const std::string& name = names_.types[enumeration.id];
        const std::vector<std::string> chosen = cpp_enumerators(enumeration);
        append_comment(out_, "/// ", enumeration.description);
        out_ += fmt::format("enum class {} {{\n", name);
        for (std::size_t at = 0; at < chosen.size(); ++at) {
            append_comment(out_, "    // ", enumeration.enumerators[at].description);
            out_ += fmt::format("    {},\n", chosen[at]);
        }
        out_ += "};\n";
        const bool is_plain = std::ranges::equal(chosen, enumeration.enumerators, {}, {},
                                                 &contract::EnumeratorDocument::name);
        if (is_plain && !chosen.empty() && chosen.size() <= cpp_macro_items_max) {
            write_enum_macro(enumeration, name);
            return;
        }
        // What WARREN_ENUM would make, with names that are none in C++.
        out_ += fmt::format(
            "[[maybe_unused]] constexpr auto warren_enumerators([[maybe_unused]] {0}* tag) {{\n"
            "    return warren::detail::DescribedEnumerators<{1}>{{\n        \"{0}\", {2}, "
            "std::array<warren::Enumerator, {1}>{{",
            name, chosen.size(), cpp_text(enumeration.description));
        for (std::size_t at = 0; at < chosen.size(); ++at) {
            out_ += fmt::format("\n            warren::Enumerator{{{}, {}, {}}},",
                                cpp_text(enumeration.enumerators[at].name), at,
                                cpp_text(enumeration.enumerators[at].description));
        }
        out_ += "}};\n}\n\n";
    }

    void write_enum_macro(const EnumerationDocument& enumeration, const std::string& name) {
        const bool is_described = !enumeration.description.empty() ||
                                  !std::ranges::all_of(enumeration.enumerators, &std::string::empty,
                                                       &contract::EnumeratorDocument::description);
        out_ += is_described ? fmt::format("WARREN_ENUM_WITH({}, {}", name,
                                           macro_text(enumeration.description))
                             : fmt::format("WARREN_ENUM({}", name);
        for (const contract::EnumeratorDocument& each : enumeration.enumerators) {
            out_ += !is_described ? ", " + each.name
                    : each.description.empty()
                        ? fmt::format(",\n    ({})", each.name)
                        : fmt::format(",\n    ({}, {})", each.name, macro_text(each.description));
        }
        out_ += ")\n\n";
    }

    /// A text as a macro's argument, which a comma would end; all of it, also where it has a null.
    static std::string macro_text(std::string_view text) {
        return text.contains('\0') ? "(" + cpp_text(text) + ")" : cpp_text(text);
    }

    /// An attribute's text has no escapes of numbers.
    static std::string deprecation_of(std::string_view text) {
        std::string shown = visible(text);
        std::ranges::replace(shown, '\n', ' ');
        std::ranges::replace(shown, '\t', ' ');
        return shown.empty() ? "deprecated" : fmt::format("deprecated({})", cpp_text(shown));
    }

    void write_declarations() {
        for (const std::string_view id : order_.declared) {
            out_ +=
                fmt::format("struct {0};\ninline const warren::Model& warren_model({0}* tag);\n",
                            names_.types[id]);
        }
        out_ += order_.declared.empty() ? "" : "\n";
    }

    std::string type_of_field(const FieldDocument& field) {
        return order_.endless.contains(&field) ? "warren::Dynamic" : cpp_type(field.type, names_);
    }

    void write_struct(const ModelDocument& model) {
        append_comment(out_, "/// ", model.description);
        out_ += fmt::format("struct {} {{\n", names_.types[model.id]);
        const std::vector<std::string> members = cpp_members(model);
        for (std::size_t at = 0; at < members.size(); ++at) {
            const FieldDocument& field = model.fields[at];
            if (order_.endless.contains(&field)) {
                out_ += "    // It would hold itself: what it may be, only the server checks.\n";
            }
            out_ += fmt::format("    {} {}{};\n", type_of_field(field), members[at],
                                initializer_of(field));
        }
        out_ += "};\n\n";
    }

    std::string initializer_of(const FieldDocument& field) const {
        if (field.required || order_.endless.contains(&field)) {
            return {};
        }
        const auto written = field.default_value
                                 ? cpp_default(field.type, field.default_value->value(), names_)
                                 : std::nullopt;
        return written ? " = " + *written : "{}";
    }

    std::string attributes_of(const FieldDocument& field, const std::string& name) const {
        std::string text;
        if (name != field.name) {
            text += fmt::format(", wire_name({})", cpp_text(field.name));
        }
        if (!field.description.empty()) {
            text += fmt::format(", describe({})", cpp_text(field.description));
        }
        if (!order_.endless.contains(&field)) {
            text += cpp_demands(field);
        }
        return text + (field.required ? "" : ", defaulted()");
    }

    static std::string attributes_of(const ModelDocument& model) {
        std::string text;
        if (!model.description.empty()) {
            text = fmt::format("describe({})", cpp_text(model.description));
        }
        if (model.forbids_extra) {
            text += text.empty() ? "" : ", ";
            text += "warren::ExtraFields::forbid";
        }
        return text;
    }

    void write_model(const ModelDocument& model) {
        const std::string& name = names_.types[model.id];
        const bool is_macro = !model.fields.empty() && model.fields.size() <= cpp_macro_items_max;
        const std::string whole = attributes_of(model);
        out_ += is_macro ? (whole.empty() ? fmt::format("WARREN_MODEL({}", name)
                                          : fmt::format("WARREN_MODEL_WITH({}, ({})", name, whole))
                         : fmt::format(
                               "inline const warren::Model& warren_model([[maybe_unused]] {0}* "
                               "tag) {{\n    static const warren::Model& described = []() -> "
                               "const warren::Model& {{\n        using namespace "
                               "warren::attributes;  // NOLINT\n        "
                               "warren::ModelBuilder<{0}> warren_builder{{\"{0}\"}};\n"
                               "        warren_builder.attributes({1});\n",
                               name, whole);
        const std::vector<std::string> members = cpp_members(model);
        for (std::size_t at = 0; at < members.size(); ++at) {
            const std::string& member = members[at];
            const std::string attributes = attributes_of(model.fields[at], member);
            out_ += is_macro ? fmt::format(",\n    ({}{})", member, attributes)
                             : fmt::format(
                                   "        warren_builder.template field<&{}::{}>(\"{}\"{}"
                                   ");\n",
                                   name, member, member, attributes);
        }
        out_ += is_macro ? ")\n\n"
                         : "        return warren_builder.take();\n    }();\n    return "
                           "described;\n}\n\n";
    }

    /// A type as an argument of a macro, which a comma would end.
    std::string argument_of(const DataType& type, const std::string& method,
                            std::string_view what) {
        if (type.kind == Kind::nothing) {
            return "void";
        }
        std::string text = cpp_type(type, names_);
        if (!text.contains(',')) {
            return text;
        }
        const std::string name = names_.scope.choose(fmt::format("{}_{}", method, what));
        out_ += fmt::format("using {} = {};\n", name, text);
        return fmt::format("{}::{}", cpp_namespace, name);
    }

    void write_method(const MethodDocument& method) {
        const std::string& name = names_.methods[method.name];
        const std::string request = argument_of(method.request, name, "request");
        const std::string part = method.part ? argument_of(*method.part, name, "part") : "";
        const std::string response = argument_of(method.response, name, "response");
        append_comment(out_, "/// ", method.description);
        if (method.deprecated) {
            append_comment(out_, "/// ", "Deprecated. " + *method.deprecated);
            out_ += fmt::format("struct [[{}]] {};\n", deprecation_of(*method.deprecated), name);
        }
        const std::string text = macro_text(method.name);
        out_ += part.empty() ? fmt::format("WARREN_CONTRACT({}, {}, {}, {})\n", name, text, request,
                                           response)
                             : fmt::format("WARREN_STREAM_CONTRACT({}, {}, {}, {}, {})\n", name,
                                           text, request, part, response);
    }

    const contract::Document& document_;
    CppOrder order_;
    CppNames names_;
    std::string out_;
};

}  // namespace

std::vector<OutputFile> cpp_models(const contract::Document& document) {
    return {{"models.hpp", CppModels{document}.write()}};
}

}  // namespace warren::docs
