#include "contract/diff_words.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace warren::contract {
namespace {

constexpr std::size_t words_depth_max = 4;
constexpr std::size_t words_alternatives_max = 8;

bool is_plain_word(std::string_view name) noexcept {
    return !name.empty() && std::ranges::all_of(name, [](char character) {
        return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
               (character >= '0' && character <= '9') || character == '_' || character == '-';
    });
}

std::string escaped(std::string_view text, char quote) {
    std::string shown = core::text_for_display(text);
    for (std::size_t at = 0; (at = shown.find(quote, at)) != std::string::npos; at += 2) {
        shown.insert(at, 1, '\\');
    }
    return shown;
}

std::string name_in(const Document& document, const DataType& type) {
    if (type.kind == Type::Kind::model) {
        const ModelDocument* model = document.find_model(type.reference);
        return model != nullptr ? core::text_for_display(model->name, 64) : "a model";
    }
    const EnumerationDocument* enumeration = document.find_enumeration(type.reference);
    return enumeration != nullptr ? core::text_for_display(enumeration->name, 64) : "a name";
}

std::string words_at(const Document& document, const DataType& type, std::size_t depth);

std::string words_of_content(const Document& document, const DataType& type, std::size_t depth) {
    return type.elements.empty() || depth >= words_depth_max
               ? "..."
               : words_at(document, type.elements.front(), depth + 1);
}

std::string words_of_choice(const Document& document, const DataType& type, std::size_t depth) {
    if (depth >= words_depth_max) {
        return "...";
    }
    std::string words;
    for (std::size_t index = 0; index < type.elements.size(); ++index) {
        if (index == words_alternatives_max) {
            return words + " or ...";
        }
        words += (index == 0 ? "" : " or ") + words_at(document, type.elements[index], depth + 1);
    }
    return words;
}

// NOLINTNEXTLINE(misc-no-recursion): the depth is limited
std::string words_at(const Document& document, const DataType& type, std::size_t depth) {
    const auto content = [&] { return words_of_content(document, type, depth); };
    switch (type.kind) {
    case Type::Kind::nothing:
        return "nothing";
    case Type::Kind::boolean:
        return "true or false";
    case Type::Kind::integer:
        return fmt::format("{} ({} bits)", type.is_signed ? "integer" : "unsigned integer",
                           type.bits);
    case Type::Kind::floating:
        return fmt::format("floating-point number ({} bits)", type.bits);
    case Type::Kind::text:
        return "text";
    case Type::Kind::bytes:
        return "bytes";
    case Type::Kind::enumeration:
    case Type::Kind::model:
        return name_in(document, type);
    case Type::Kind::optional:
        return content() + " or null";
    case Type::Kind::list:
        return "list of " + content();
    case Type::Kind::set:
        return "set of " + content();
    case Type::Kind::array:
        return fmt::format("list of exactly {} {}", type.length, content());
    case Type::Kind::map:
        return "map of " + content();
    case Type::Kind::choice:
        return words_of_choice(document, type, depth);
    case Type::Kind::secret:
        return "secret " + content();
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

std::string in_quotes(std::string_view text) {
    return "'" + escaped(text, '\'') + "'";
}

std::string path_member(std::string_view name) {
    if (is_plain_word(name)) {
        return "." + std::string{name};
    }
    return "[\"" + escaped(name, '"') + "\"]";
}

std::string words_of(const Document& document, const DataType& type) {
    return words_at(document, type, 0);
}

std::string to_path(const DiffStep& step) {
    std::vector<const DiffStep*> steps;
    for (const DiffStep* each = &step; each != nullptr; each = each->before) {
        steps.push_back(each);
    }
    std::string path;
    for (auto each = steps.rbegin(); each != steps.rend(); ++each) {
        switch ((*each)->kind) {
        case DiffStep::Kind::start:
            path += (*each)->text;
            break;
        case DiffStep::Kind::member:
            path += path_member((*each)->text);
            break;
        case DiffStep::Kind::item:
            path += "[]";
            break;
        case DiffStep::Kind::value:
            path += "{}";
            break;
        case DiffStep::Kind::alternative:
            path += "(" + std::string{(*each)->text} + ")";
            break;
        }
    }
    return path;
}

}  // namespace warren::contract
