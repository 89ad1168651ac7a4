#include "docs/typescript_models.hpp"

#include "docs/demand_text.hpp"
#include "docs/names.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <utility>

namespace warren::docs {
namespace {

using contract::DataType;
using Kind = Type::Kind;

constexpr std::size_t typescript_tuple_max = 16;

constexpr std::string_view typescript_words = R"ts(
any as async await bigint boolean break case catch class const continue debugger declare default
delete do else enum export extends false finally for from function get global if implements import
in infer instanceof interface is keyof let module namespace never new null number object of
package private protected public readonly require return set static string super switch symbol
this throw true try type typeof undefined unique unknown var void while with yield Array
FieldError MethodName Methods Promise Record Reply RequestOf ResponseOf exports arguments eval
Object)ts";

constexpr std::string_view typescript_head = R"ts(/** What is wrong with a field of a request. */
export interface FieldError {
    location: Array<string | number>;
    message: string;
    type: string;
}

/** The whole of a reply in JSON: data where it is a success, else what the failure says. */
export type Reply<Data> =
    | { success: true; message: string; data: Data }
    | { success: false; message: string; data: { errors: FieldError[] } | unknown };

)ts";

constexpr std::string_view typescript_tail = R"ts(
export type MethodName = keyof Methods;
export type RequestOf<Name extends MethodName> = Methods[Name]["request"];
export type ResponseOf<Name extends MethodName> = Methods[Name]["response"];
)ts";

class TypescriptModels {
public:
    explicit TypescriptModels(const contract::Document& document)
        : document_{document}, scope_{split_words(typescript_words)} {}

    std::string write() {
        for (const contract::ModelDocument& model : document_.models) {
            names_[model.id] = scope_.choose(identifier_of(model.id, "Model"));
        }
        for (const contract::EnumerationDocument& enumeration : document_.enumerations) {
            names_[enumeration.id] = scope_.choose(identifier_of(enumeration.id, "Choice"));
        }
        out_ += "// Made by `warren models` from a contract with the fingerprint\n// " +
                identifier_of(document_.fingerprint, "") + "\n\n";
        out_ += typescript_head;
        for (const contract::EnumerationDocument& enumeration : document_.enumerations) {
            write_enumeration(enumeration);
        }
        for (const contract::ModelDocument& model : document_.models) {
            write_model(model);
        }
        write_methods();
        out_ += typescript_tail;
        return std::move(out_);
    }

private:
    void comment(const std::string& indent, const std::string& text) {
        if (!text.empty()) {
            out_.append(indent).append("/**\n");
            append_comment(out_, indent + " * ", text);
            out_.append(indent).append(" */\n");
        }
    }

    void write_enumeration(const contract::EnumerationDocument& enumeration) {
        comment("", enumeration.description);
        out_ += fmt::format("export type {} =", names_[enumeration.id]);
        for (const contract::EnumeratorDocument& each : enumeration.enumerators) {
            out_ += '\n';
            if (!each.description.empty()) {
                append_comment(out_, "    // ", each.description);
            }
            out_ += "    | " + literal_of(each.name, Language::typescript);
        }
        out_ += enumeration.enumerators.empty() ? " never;\n\n" : ";\n\n";
    }

    void write_model(const contract::ModelDocument& model) {
        std::string about = model.description;
        if (model.forbids_extra) {
            about += about.empty() ? "" : "\n\n";
            about += "No other fields are taken.";
        }
        for (const std::string& check : model.checks) {
            about += "\nThe server checks, too: " + check;
        }
        comment("", about);
        out_ += fmt::format("export interface {} {{\n", names_[model.id]);
        for (const contract::FieldDocument& field : model.fields) {
            std::string text = field.description;
            for (const std::string& sentence : demand_sentences(field)) {
                text += (text.empty() ? "" : "\n") + sentence;
            }
            comment("    ", text);
            const bool is_hidden = field.is_secret && field.type.kind != Kind::secret;
            const std::string type = type_of_wire(field.type);
            out_ +=
                fmt::format("    {}{}: {}{};\n", property(field.name), field.required ? "" : "?",
                            type, is_hidden && type != "string" ? " | string" : "");
        }
        out_ += "}\n\n";
    }

    void write_methods() {
        out_ += "/** The types of each method, by its name. */\nexport interface Methods {\n";
        for (const contract::MethodDocument& method : document_.methods) {
            std::string about = method.description;
            if (method.deprecated) {
                about += (about.empty() ? "@deprecated " : "\n@deprecated ") + *method.deprecated;
            }
            comment("    ", about);
            out_ += fmt::format("    {}: {{\n        request: {};\n", property(method.name),
                                type_of_wire(method.request));
            if (method.part) {
                out_ += fmt::format("        part: {};\n", type_of_wire(*method.part));
            }
            out_ += fmt::format("        response: {};\n    }};\n", type_of_wire(method.response));
        }
        out_ += "}\n";
    }

    static std::string property(const std::string& name) {
        return is_identifier(name) ? name : literal_of(name, Language::typescript);
    }

    std::string choice_of(const DataType& type) {
        std::string text;
        std::set<std::string> known;
        for (const DataType& element : type.elements) {
            const std::string each = type_of_wire(element);
            if (known.insert(each).second) {
                text += (text.empty() ? "" : " | ") + each;
            }
        }
        return text;
    }

    std::string array_of(const DataType& type) {
        const std::string element = type_of_wire(type.elements.front());
        if (type.length > typescript_tuple_max || element.size() > typescript_tuple_max) {
            return fmt::format("Array<{}>", element);
        }
        std::string text = "[";
        for (std::size_t at = 0; at < type.length; ++at) {
            text += (at == 0 ? "" : ", ") + element;
        }
        return text + "]";
    }

    std::string type_of_wire(const DataType& type) {
        switch (type.kind) {
        case Kind::nothing:
            return "null";
        case Kind::boolean:
            return "boolean";
        case Kind::integer:
        case Kind::floating:
            return "number";
        case Kind::text:
        case Kind::bytes:
        case Kind::uuid:
        case Kind::timestamp:
        case Kind::absolute_path:
        case Kind::relative_path:
            return "string";
        case Kind::duration:
            return "string | number";
        case Kind::enumeration:
        case Kind::model: {
            const auto found = names_.find(type.reference);
            return found == names_.end() ? "unknown" : found->second;
        }
        case Kind::optional:
            return type_of_wire(type.elements.front()) + " | null";
        case Kind::list:
        case Kind::set:
            return fmt::format("Array<{}>", type_of_wire(type.elements.front()));
        case Kind::array:
            return array_of(type);
        case Kind::map:
            return fmt::format("{{ [key: string]: {} }}", type_of_wire(type.elements.front()));
        case Kind::choice:
            return choice_of(type);
        case Kind::secret: {
            const std::string inside = type_of_wire(type.elements.front());
            return inside == "string" ? inside : inside + " | string";
        }
        case Kind::dynamic:
            return "unknown";
        }
        std::unreachable();
    }

    const contract::Document& document_;
    ScopeNames scope_;
    std::map<std::string_view, std::string> names_;
    std::string out_;
};

}  // namespace

std::vector<OutputFile> typescript_models(const contract::Document& document) {
    return {{"models.ts", TypescriptModels{document}.write()}};
}

}  // namespace warren::docs
