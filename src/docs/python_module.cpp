#include "docs/python_module.hpp"

#include "docs/names.hpp"
#include "docs/python_field.hpp"
#include "docs/python_text.hpp"
#include "docs/python_words.hpp"
#include "docs/reached.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::FieldDocument;
using contract::MethodDocument;
using Kind = Type::Kind;

constexpr std::string_view python_imports = R"py(
from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Dict, List, Optional, Union
from uuid import UUID

from pydantic import Field

if __package__:
    from . import _warren as _w
else:
    import _warren as _w
)py";

/// A text between three quotes.
void append_docstring(std::string& out, std::string_view indent, std::string_view text) {
    std::string lines;
    append_comment(lines, indent, text);
    std::string escaped;
    for (const char character : lines) {
        escaped += character == '"' || character == '\\' ? std::string{'\\', character}
                                                         : std::string{character};
    }
    out.append(indent).append("\"\"\"").append(
        escaped.substr(std::min(indent.size(), escaped.size())));
    out.pop_back();
    const bool is_one_line = escaped.find('\n') + 1 == escaped.size();
    out.append(is_one_line ? "" : "\n" + std::string{indent}).append("\"\"\"\n");
}

class PythonModule {
public:
    PythonModule(const contract::Document& document, const MethodDocument& method,
                 Pydantic pydantic)
        : document_{document},
          method_{method},
          pydantic_{pydantic},
          scope_{python_words({PythonWords::keywords, PythonWords::file})},
          kinds_{classes_} {}

    std::string write() {
        auto types = types_of(method_);
        for (const contract::FailureDocument& failure : method_.failures) {
            if (failure.data) {
                types.push_back(&*failure.data);
            }
        }
        const Reached reached = reached_from(document_, types);
        for (const auto* model : reached.models) {
            // Those of all plain functions have one name.
            classes_[model->id] = scope_.choose(
                identifier_of(model->is_parameters ? model->id : model->name, "Model"));
        }
        for (const auto* enumeration : reached.enumerations) {
            classes_[enumeration->id] = scope_.choose(identifier_of(enumeration->name, "Choice"));
        }
        head();
        for (const auto* enumeration : reached.enumerations) {
            write_enumeration(*enumeration);
        }
        for (const auto* model : reached.models) {
            write_model(*model);
        }
        write_method();
        out_ += "\n\n_w.finish(globals())\n";
        return std::move(out_);
    }

private:
    void head() {
        append_docstring(out_, "",
                         fmt::format("Models of a method, and a call of it.\n\nMade by `warren "
                                     "models` from a contract with the fingerprint\n{}",
                                     method_.fingerprint));
        out_ += python_imports;
    }

    void write_enumeration(const contract::EnumerationDocument& enumeration) {
        out_ += fmt::format("\n\nclass {}(str, Enum):\n", classes_[enumeration.id]);
        append_docstring(
            out_, "    ",
            enumeration.description.empty() ? enumeration.name : enumeration.description);
        out_ += '\n';
        ScopeNames members{python_words({PythonWords::keywords, PythonWords::enum_members})};
        for (const contract::EnumeratorDocument& each : enumeration.enumerators) {
            append_comment(out_, "    # ", each.description);
            out_ += fmt::format("    {} = {}\n", members.choose(identifier_of(each.name, "value")),
                                literal_of(each.name, Language::python));
        }
    }

    void write_model(const contract::ModelDocument& model) {
        const std::size_t begin = out_.size();
        out_ += fmt::format("\n\nclass {}(_w.Model):\n", classes_[model.id]);
        append_docstring(out_, "    ",
                         model.description.empty() ? classes_[model.id] : model.description);
        if (model.forbids_extra) {
            out_ += "\n    forbids_extra = True\n";
        }
        for (const std::string& check : model.checks) {
            append_comment(out_, "    # ", "The server checks, too: " + check);
        }
        out_ += model.fields.empty() ? "" : "\n";
        ScopeNames members{
            python_words({PythonWords::keywords, PythonWords::file, PythonWords::model_members})};
        for (const FieldDocument& field : model.fields) {
            out_ += python_field(field, members.choose(identifier_of(field.name, "field")),
                                 kinds_.write(field.type), classes_, pydantic_);
        }
        if (const std::string names = kinds_.take_names(); !names.empty()) {
            out_.insert(begin, "\n\n" + names);
        }
    }

    /// A class for a type that is none.
    std::string write_root(const DataType& type, std::string_view what) {
        if (type.kind == Kind::model) {
            return classes_[type.reference];
        }
        const std::string name = scope_.choose(own_name(what));
        const std::string kind = kinds_.write(type);
        out_ += "\n\n" + kinds_.take_names();
        out_ += fmt::format("class {}(_w.Root):\n    {}: Annotated[{}, _w.Of({})] = Field(...)\n",
                            name, pydantic_ == Pydantic::v1 ? "__root__" : "root",
                            python_hint(type, classes_), kind);
        return name;
    }

    std::string own_name(std::string_view what) const {
        return identifier_of(camel_case(method_.name), "Method") + std::string{what};
    }

    void write_method() {
        const std::string request = write_root(method_.request, "Request");
        const std::string part = method_.part ? write_root(*method_.part, "Part") : std::string{};
        std::string failures;
        for (const contract::FailureDocument& failure : method_.failures) {
            failures += about_failure(failure);
        }
        const std::string reply = scope_.choose(own_name("Response"));
        const std::string kind = kinds_.write(method_.response);
        out_ += "\n\n" + kinds_.take_names();
        out_ += fmt::format(
            "class {}(_w.Reply):\n"
            "    \"\"\"The whole of a reply.\"\"\"\n\n"
            "    data: Annotated[Optional[{}], _w.Of(_w.Optional({}))] = Field(None)\n",
            reply, python_hint(method_.response, classes_), kind);
        out_ += fmt::format("\n\nclass {}(_w.Method):\n", scope_.choose(own_name("")));
        append_docstring(out_, "    ", about_method() + failures);
        out_ += '\n';
        const auto member = [this](std::string_view name, const std::string& type) {
            out_ += fmt::format("    {0}: Annotated[{1}, _w.Of(_w.Object(\"{1}\"))] = Field(...)\n",
                                name, type);
        };
        member("request_model", request);
        member("response_model", reply);
        if (!part.empty()) {
            member("part_model", part);
        }
        write_call(request, reply);
    }

    std::string about_method() const {
        std::string text = method_.description.empty() ? method_.name : method_.description;
        if (method_.deprecated) {
            text += "\n\nDeprecated. " + *method_.deprecated;
        }
        return text;
    }

    std::string about_failure(const contract::FailureDocument& failure) {
        std::string text =
            fmt::format("\n\nMay fail ({}): {}", name_of(failure.code), failure.description);
        if (failure.data) {
            text += fmt::format("\nIts data: `failed.data_as({})` of the CallFailed.",
                                write_root(*failure.data, "Failure"));
        }
        return text;
    }

    /// The listener of the contract that such a call is for.
    const contract::ListenerDocument* listener() const {
        for (const contract::ListenerDocument& each : document_.listeners) {
            if (each.protocol == "cyberfusion" &&
                std::ranges::binary_search(each.methods, method_.name)) {
                return &each;
            }
        }
        return nullptr;
    }

    void write_call(const std::string& request, const std::string& reply) {
        const contract::ListenerDocument* const served = listener();
        out_ += fmt::format("\n\ndef {}(\n    connection,\n    request: {},\n    *,\n",
                            scope_.choose(identifier_of(method_.name, "call")), request);
        out_ += served == nullptr ? "    queue: str,\n"
                                  : fmt::format("    queue: str = {},\n",
                                                literal_of(served->queue, Language::python));
        out_ +=
            fmt::format("    exchange: str = {},\n", literal_of(method_.name, Language::python));
        out_ += fmt::format(
            "    timeout_s: float = 300,\n    fernet_key: Optional[str] = None,\n) -> {}:\n",
            reply);
        append_docstring(out_, "    ",
                         "Call it over RabbitMQ; `connection` is a pika.BlockingConnection.");
        out_ += fmt::format(
            "    return _w.call(\n        connection,\n        request,\n        {},\n"
            "        exchange=exchange,\n        queue=queue,\n        timeout_s=timeout_s,\n"
            "        fernet_key=fernet_key,\n    )\n",
            reply);
    }

    const contract::Document& document_;
    const MethodDocument& method_;
    Pydantic pydantic_;
    PythonClasses classes_;
    ScopeNames scope_;
    PythonKinds kinds_;
    std::string out_;
};

}  // namespace

std::string python_module(const contract::Document& document, const MethodDocument& method,
                          Pydantic pydantic) {
    return PythonModule{document, method, pydantic}.write();
}

}  // namespace warren::docs
