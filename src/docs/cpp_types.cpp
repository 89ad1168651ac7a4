#include "docs/cpp_types.hpp"

#include "docs/names.hpp"
#include "model/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace warren::docs {
namespace {

using contract::DataType;
using Kind = Type::Kind;

std::string cpp_name(const DataType& type, const CppNames& names) {
    const auto found = names.types.find(type.reference);
    return found == names.types.end() ? std::string{"warren::Dynamic"}
                                      : fmt::format("{}::{}", cpp_namespace, found->second);
}

/// Whether std::set can order it by itself.
bool is_ordered(const DataType& type) {
    switch (type.kind) {
    case Kind::model:
    case Kind::dynamic:
    case Kind::secret:
        return false;
    default:
        return std::ranges::all_of(type.elements, is_ordered);
    }
}

std::string cpp_set(const DataType& type, const CppNames& names) {
    const DataType& element = type.elements.front();
    return fmt::format("std::set<{}{}>", cpp_type(element, names),
                       is_ordered(element) ? "" : fmt::format(", {}::ByJson", cpp_namespace));
}

std::string cpp_number(const Value& value) {
    switch (value.kind()) {
    case Value::Kind::int64: {
        const std::int64_t number = value.as_int64();
        if (number == std::numeric_limits<std::int64_t>::min()) {
            return "(-9223372036854775807LL - 1)";
        }
        const bool is_int = number >= std::numeric_limits<std::int32_t>::min() + 1 &&
                            number <= std::numeric_limits<std::int32_t>::max();
        return fmt::format("{}{}", number, is_int ? "" : "LL");
    }
    case Value::Kind::uint64:
        return fmt::format("{}ULL", value.as_uint64());
    case Value::Kind::float64: {
        std::string text = fmt::format("{}", value.as_float64());
        return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    }
    default:
        return {};
    }
}

bool is_finite_number(const Value& value) noexcept {
    return value.is_integer() ||
           (value.kind() == Value::Kind::float64 && std::isfinite(value.as_float64()));
}

enum class CppDemand : std::uint8_t { bounds, length, pattern };

/// As warren/detail/constrainable.hpp has it.
bool can_be_held(CppDemand demand, const DataType& type) {
    switch (type.kind) {
    case Kind::optional:
    case Kind::secret:
    case Kind::choice:
        return std::ranges::any_of(type.elements, [demand](const DataType& element) {
            return can_be_held(demand, element);
        });
    case Kind::integer:
    case Kind::floating:
    case Kind::duration:
        return demand == CppDemand::bounds;
    case Kind::text:
    case Kind::absolute_path:
    case Kind::relative_path:
        return demand != CppDemand::bounds;
    case Kind::bytes:
    case Kind::list:
    case Kind::set:
    case Kind::map:
        return demand == CppDemand::length;
    case Kind::dynamic:
        return true;
    case Kind::nothing:
    case Kind::boolean:
    case Kind::enumeration:
    case Kind::array:
    case Kind::model:
    case Kind::uuid:
    case Kind::timestamp:
        return false;
    }
    return false;
}

bool holds_model(const DataType& type) {
    return type.kind == Kind::model || std::ranges::any_of(type.elements, holds_model);
}

std::string cpp_choice(const DataType& type, const CppNames& names) {
    std::string text;
    for (const DataType& element : type.elements) {
        text += (text.empty() ? "" : ", ") + cpp_type(element, names);
    }
    return fmt::format("std::variant<{}>", text);
}

}  // namespace

std::string cpp_type(const DataType& type, const CppNames& names) {
    const auto inside = [&] { return cpp_type(type.elements.front(), names); };
    switch (type.kind) {
    case Kind::nothing:
        return "warren::Dynamic";  // void where it is all that there is
    case Kind::boolean:
        return "bool";
    case Kind::integer:
        return fmt::format("std::{}int{}_t", type.is_signed ? "" : "u", type.bits);
    case Kind::floating:
        return type.bits == 32 ? "float" : "double";
    case Kind::text:
        return "std::string";
    case Kind::bytes:
        return "warren::Bytes";
    case Kind::enumeration:
    case Kind::model:
        return cpp_name(type, names);
    case Kind::optional:
        return fmt::format("std::optional<{}>", inside());
    case Kind::list:
        return fmt::format("std::vector<{}>", inside());
    case Kind::set:
        return cpp_set(type, names);
    case Kind::array:
        return fmt::format("std::array<{}, {}>", inside(), type.length);
    case Kind::map:
        return fmt::format("std::map<std::string, {}>", inside());
    case Kind::choice:
        return cpp_choice(type, names);
    case Kind::secret:
        return fmt::format("warren::Secret<{}>", inside());
    case Kind::uuid:
        return "warren::Uuid";
    case Kind::timestamp:
        return "warren::Timestamp";
    case Kind::duration:
        return fmt::format("std::chrono::duration<std::int{}_t, std::ratio<{}, {}>>", type.bits,
                           std::max<std::int64_t>(type.period.numerator, 1),
                           std::max<std::int64_t>(type.period.denominator, 1));
    case Kind::absolute_path:
        return "warren::AbsolutePath";
    case Kind::relative_path:
        return "warren::RelativePath";
    case Kind::dynamic:
        return "warren::Dynamic";
    }
    std::unreachable();
}

std::string cpp_text(std::string_view text) {
    std::string literal = literal_of(text, Language::cpp);
    return text.contains('\0') ? fmt::format("std::string_view{{{}, {}}}", literal, text.size())
                               : literal;
}

std::optional<std::string> cpp_default(const DataType& type, const Value& value,
                                       const CppNames& names) {
    switch (type.kind) {
    case Kind::boolean:
        return value.kind() == Value::Kind::boolean
                   ? std::optional<std::string>{value.as_boolean() ? "true" : "false"}
                   : std::nullopt;
    case Kind::integer:
        return value.is_integer() ? std::optional{cpp_number(value)} : std::nullopt;
    case Kind::floating:
        if (!is_finite_number(value)) {
            return std::nullopt;
        }
        return cpp_number(value) + (type.bits == 32 && !value.is_integer() ? "F" : "");
    case Kind::text:
        return value.is_text() && !value.as_text().contains('\0')
                   ? std::optional{cpp_text(value.as_text())}
                   : std::nullopt;
    case Kind::enumeration: {
        if (!value.is_text()) {
            return std::nullopt;
        }
        const auto found = names.enumerators.find({type.reference, value.as_text()});
        return found == names.enumerators.end()
                   ? std::nullopt
                   : std::optional{cpp_name(type, names) + "::" + found->second};
    }
    case Kind::duration: {
        const warren::Type counted{.kind = Kind::duration,
                                   .size_bytes = type.bits / 8,
                                   .is_signed = true,
                                   .period = type.period};
        const auto count = type.period.denominator > 0 && type.period.numerator > 0
                               ? model::to_duration(counted, value)
                               : std::unexpected{model::ScalarError{}};
        return count ? std::optional{cpp_type(type, names) + "{" +
                                     cpp_number(Value::integer(*count)) + "}"}
                     : std::nullopt;
    }
    case Kind::optional:
        return value.is_null() ? std::nullopt : cpp_default(type.elements.front(), value, names);
    case Kind::nothing:
    case Kind::model:
    case Kind::secret:
        return std::nullopt;
    default:
        if (holds_model(type)) {  // whose own defaults are mostly the same
            return std::nullopt;
        }
        return fmt::format("warren::Dynamic::from_json({}).as<{}>()",
                           cpp_text(Dynamic{value}.to_json()), cpp_type(type, names));
    }
}

std::string cpp_demands(const contract::FieldDocument& field) {
    std::string text;
    const contract::Demands& demands = field.demands;
    const auto bound = [&text](std::string_view name, const std::optional<Dynamic>& limit) {
        if (limit && is_finite_number(limit->value())) {
            text += fmt::format(", {}({})", name, cpp_number(limit->value()));
        }
    };
    if (can_be_held(CppDemand::bounds, field.type)) {
        bound("greater_than", demands.greater_than);
        bound("at_least", demands.at_least);
        bound("less_than", demands.less_than);
        bound("at_most", demands.at_most);
    }
    if (can_be_held(CppDemand::length, field.type)) {
        if (demands.min_length) {
            text += fmt::format(", min_length({})", *demands.min_length);
        }
        if (demands.max_length) {
            text += fmt::format(", max_length({})", *demands.max_length);
        }
    }
    if (can_be_held(CppDemand::pattern, field.type) && !demands.pattern.empty()) {
        text += fmt::format(", pattern({})", cpp_text(demands.pattern));
    }
    return text;
}

}  // namespace warren::docs
