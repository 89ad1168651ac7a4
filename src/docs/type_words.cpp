#include "docs/type_words.hpp"

#include "docs/quoting.hpp"

#include <fmt/format.h>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::Demands;
using Kind = Type::Kind;

void write_plain_kind(Html& html, const DataType& type) {
    switch (type.kind) {
    case Kind::nothing:
        html.markup("nothing");
        return;
    case Kind::boolean:
        html.markup("true or false");
        return;
    case Kind::integer:
        html.markup("integer");
        return;
    case Kind::floating:
        html.markup("number");
        return;
    case Kind::text:
        html.markup("text");
        return;
    case Kind::bytes:
        html.markup("bytes");
        return;
    case Kind::uuid:
        html.markup("UUID");
        return;
    case Kind::timestamp:
        html.markup("time stamp");
        return;
    case Kind::duration:
        html.markup("duration");
        return;
    case Kind::absolute_path:
        html.markup("absolute path");
        return;
    case Kind::relative_path:
        html.markup("relative path");
        return;
    default:
        html.markup("anything");
        return;
    }
}

/// The type that demands are of: that inside of optionals and secrets.
const DataType& demanded(const DataType& type) {
    const DataType* inside = &type;
    while ((inside->kind == Kind::optional || inside->kind == Kind::secret) &&
           !inside->elements.empty()) {
        inside = &inside->elements[0];
    }
    return *inside;
}

std::string_view unit_of_length(Kind kind) {
    switch (kind) {
    case Kind::text:
    case Kind::absolute_path:
    case Kind::relative_path:
        return "character";
    case Kind::bytes:
        return "byte";
    default:
        return "item";
    }
}

std::string length_words(Kind kind, const Demands& demands) {
    const std::string_view unit = unit_of_length(kind);
    const auto counted = [unit](std::size_t count) {
        return fmt::format("{} {}{}", count, unit, count == 1 ? "" : "s");
    };
    if (demands.min_length && demands.max_length) {
        return *demands.min_length == *demands.max_length
                   ? "exactly " + counted(*demands.min_length)
                   : fmt::format("{} to {}", *demands.min_length, counted(*demands.max_length));
    }
    return demands.min_length ? "at least " + counted(*demands.min_length)
                              : "at most " + counted(*demands.max_length);
}

std::string unit_of_duration(const Period& period) {
    if (period.numerator == 1) {
        switch (period.denominator) {
        case 1:
            return "whole seconds";
        case 1'000:
            return "whole milliseconds";
        case 1'000'000:
            return "whole microseconds";
        case 1'000'000'000:
            return "whole nanoseconds";
        default:
            return fmt::format("in parts of 1/{} s", period.denominator);
        }
    }
    return period.denominator == 1
               ? fmt::format("in steps of {} s", period.numerator)
               : fmt::format("in steps of {}/{} s", period.numerator, period.denominator);
}

void add_width(const DataType& type, std::vector<std::string>& words) {
    if (type.kind == Kind::integer) {
        words.push_back(
            fmt::format("{}{} bits", type.is_signed ? "" : "not negative, ", type.bits));
    } else if (type.kind == Kind::floating && type.bits == 32) {
        words.emplace_back("32 bits");
    } else if (type.kind == Kind::duration) {
        words.emplace_back("ISO 8601, such as PT1M30S");
        words.push_back(unit_of_duration(type.period));
    } else if (type.kind == Kind::timestamp) {
        words.emplace_back("RFC 3339");
    } else if (type.kind == Kind::bytes) {
        words.emplace_back("base64 in JSON");
    }
}

}  // namespace

void write_type_words(Html& html, const contract::Document& document, const DataType& type,
                      const WriteReference& write_reference) {
    const auto write = [&](const DataType& inside) {
        write_type_words(html, document, inside, write_reference);
    };
    const auto inside = [&] { write(type.elements.empty() ? DataType{} : type.elements[0]); };
    switch (type.kind) {
    case Kind::optional:
        inside();
        html.markup(" or null");
        return;
    case Kind::list:
        html.markup("list of ");
        inside();
        return;
    case Kind::set:
        html.markup("set of ");
        inside();
        return;
    case Kind::array:
        html.markup("list of exactly ").number(type.length).markup(" ");
        inside();
        return;
    case Kind::map:
        html.markup("map of text to ");
        inside();
        return;
    case Kind::secret:
        html.markup("secret ");
        inside();
        return;
    case Kind::choice:
        for (std::size_t at = 0; at < type.elements.size(); ++at) {
            if (at != 0) {
                html.markup(" or ");
            }
            write(type.elements[at]);
        }
        return;
    case Kind::model: {
        const auto* const model = document.find_model(type.reference);
        write_reference(html, type.reference, model == nullptr ? "" : model->name);
        return;
    }
    case Kind::enumeration: {
        const auto* const enumeration = document.find_enumeration(type.reference);
        write_reference(html, type.reference, enumeration == nullptr ? "" : enumeration->name);
        return;
    }
    default:
        write_plain_kind(html, type);
        return;
    }
}

std::vector<std::string> demand_words(const DataType& type, const Demands& demands) {
    std::vector<std::string> words;
    const DataType& of = demanded(type);
    const std::string unit = of.kind == Kind::duration ? " s" : "";
    const auto add_bound = [&](std::string_view relation, const std::optional<Dynamic>& bound) {
        if (bound) {
            words.push_back(fmt::format("{} {}{}", relation, json_line(bound->value()), unit));
        }
    };
    add_bound(">", demands.greater_than);
    add_bound("\u2265", demands.at_least);
    add_bound("<", demands.less_than);
    add_bound("\u2264", demands.at_most);
    if (demands.min_length || demands.max_length) {
        words.push_back(length_words(of.kind, demands));
    }
    add_width(of, words);
    return words;
}

std::vector<const DataType*> references_in(const DataType& type) {
    std::vector<const DataType*> found;
    std::vector<const DataType*> left{&type};
    while (!left.empty()) {
        const DataType* const here = left.back();
        left.pop_back();
        if (here->kind == Kind::model || here->kind == Kind::enumeration) {
            found.push_back(here);
        }
        for (auto element = here->elements.rbegin(); element != here->elements.rend(); ++element) {
            left.push_back(&*element);
        }
    }
    return found;
}

}  // namespace warren::docs
