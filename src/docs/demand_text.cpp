#include "docs/demand_text.hpp"

#include <fmt/format.h>

#include <string_view>

namespace warren::docs {
namespace {

using contract::DataType;
using Kind = Type::Kind;

/// What the text or number on the wire is, where that is not plain.
std::string_view wire_form_of(const DataType& type) noexcept {
    switch (type.kind) {
    case Kind::bytes:
        return "Bytes as base64 text.";
    case Kind::uuid:
        return "A UUID of 36 characters.";
    case Kind::timestamp:
        return "A date and time such as 2024-02-29T12:00:00Z (RFC 3339).";
    case Kind::duration:
        return "A duration such as PT1M30S, or a number of seconds.";
    case Kind::absolute_path:
        return "An absolute path, normalized.";
    case Kind::relative_path:
        return "A relative path, normalized.";
    case Kind::set:
        return "No item twice.";
    case Kind::nothing:
    case Kind::boolean:
    case Kind::integer:
    case Kind::floating:
    case Kind::text:
    case Kind::enumeration:
    case Kind::optional:
    case Kind::list:
    case Kind::array:
    case Kind::map:
    case Kind::choice:
    case Kind::secret:
    case Kind::model:
    case Kind::dynamic:
        return {};
    }
    return {};
}

std::string integer_form_of(const DataType& type) {
    return fmt::format("An integer of {} bits{}.", type.bits,
                       type.is_signed ? "" : ", not negative");
}

}  // namespace

std::vector<std::string> demand_sentences(const contract::FieldDocument& field) {
    std::vector<std::string> sentences;
    const DataType* type = &field.type;
    while (type->kind == Kind::optional || type->kind == Kind::secret) {
        type = &type->elements.front();
    }
    if (const std::string_view form = wire_form_of(*type); !form.empty()) {
        sentences.emplace_back(form);
    } else if (type->kind == Kind::integer) {
        sentences.push_back(integer_form_of(*type));
    }
    if (field.is_secret || field.type.kind == Kind::secret) {
        sentences.emplace_back("A secret: a Fernet token where the server has a key.");
    }
    const contract::Demands& demands = field.demands;
    const auto bound = [&sentences](std::string_view words, const std::optional<Dynamic>& limit) {
        if (limit) {
            sentences.push_back(fmt::format("{} {}.", words, limit->to_json()));
        }
    };
    bound("Greater than", demands.greater_than);
    bound("At least", demands.at_least);
    bound("Less than", demands.less_than);
    bound("At most", demands.at_most);
    if (demands.min_length) {
        sentences.push_back(fmt::format("Its length is at least {}.", *demands.min_length));
    }
    if (demands.max_length) {
        sentences.push_back(fmt::format("Its length is at most {}.", *demands.max_length));
    }
    if (!demands.pattern.empty()) {
        sentences.push_back(fmt::format("Matches (RE2): {}", demands.pattern));
    }
    for (const std::string& check : demands.checks) {
        sentences.push_back("The server checks, too: " + check);
    }
    if (!field.required && field.default_value) {
        sentences.push_back("Default: " + field.default_value->to_json());
    }
    return sentences;
}

}  // namespace warren::docs
