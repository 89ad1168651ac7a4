#include "docs/python_text.hpp"

#include "core/base64.hpp"
#include "docs/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace warren::docs {
namespace {

using contract::DataType;
using Kind = Type::Kind;

constexpr std::size_t python_depth_max = 12;  // of brackets in one another, on one line

std::string python_float(double number) {
    if (!std::isfinite(number)) {
        return std::isnan(number) ? "float(\"nan\")"
                                  : fmt::format("float(\"{}inf\")", number < 0 ? "-" : "");
    }
    std::string text = fmt::format("{}", number);
    if (text.find_first_of(".e") == std::string::npos) {
        text += ".0";
    }
    return text;
}

std::size_t depth_of(const DataType& type) {
    std::size_t depth = 0;
    for (const DataType& element : type.elements) {
        depth = std::max(depth, depth_of(element) + 1);
    }
    return depth;
}

std::string class_of(const PythonClasses& classes, const DataType& type) {
    const auto found = classes.find(type.reference);
    return found == classes.end() ? std::string{"Any"} : found->second;
}

std::string union_of(const DataType& type, const PythonClasses& classes) {
    std::string text;
    for (const DataType& element : type.elements) {
        text += text.empty() ? "" : ", ";
        text += python_hint(element, classes);
    }
    return type.elements.size() == 1 ? text : fmt::format("Union[{}]", text);
}

/// A unit that a timedelta has room for.
bool is_coarse(const Period& period) noexcept {
    return 1'000'000 % std::max<std::int64_t>(period.denominator, 1) == 0;
}

}  // namespace

std::string python_value(const Value& value) {
    const auto joined = [](const auto& items, char open, char close, const auto& write) {
        std::string text{open};
        for (const auto& item : items) {
            text += text.size() == 1 ? "" : ", ";
            text += write(item);
        }
        return text += close;
    };
    switch (value.kind()) {
    case Value::Kind::null:
        return "None";
    case Value::Kind::boolean:
        return value.as_boolean() ? "True" : "False";
    case Value::Kind::int64:
        return fmt::format("{}", value.as_int64());
    case Value::Kind::uint64:
        return fmt::format("{}", value.as_uint64());
    case Value::Kind::float64:
        return python_float(value.as_float64());
    case Value::Kind::text:
        return literal_of(value.as_text(), Language::python);
    case Value::Kind::bytes:
        return '"' + core::base64_encode(value.as_bytes()) + '"';
    case Value::Kind::list:
        return joined(value.as_list(), '[', ']',
                      [](const Value& item) { return python_value(item); });
    case Value::Kind::map:
        return joined(value.as_map(), '{', '}', [](const Member& member) {
            return python_value(member.key) + ": " + python_value(member.value);
        });
    }
    std::unreachable();
}

std::string python_hint(const DataType& type, const PythonClasses& classes) {
    if (depth_of(type) > python_depth_max) {
        return "Any";
    }
    switch (type.kind) {
    case Kind::nothing:
        return "None";
    case Kind::boolean:
        return "bool";
    case Kind::integer:
        return "int";
    case Kind::floating:
        return "float";
    case Kind::text:
    case Kind::absolute_path:
    case Kind::relative_path:
        return "str";
    case Kind::bytes:
        return "bytes";
    case Kind::enumeration:
    case Kind::model:
        return class_of(classes, type);
    case Kind::optional:
        return fmt::format("Optional[{}]", python_hint(type.elements.front(), classes));
    case Kind::list:
    case Kind::set:
    case Kind::array:
        return fmt::format("List[{}]", python_hint(type.elements.front(), classes));
    case Kind::map:
        return fmt::format("Dict[str, {}]", python_hint(type.elements.front(), classes));
    case Kind::choice:
        return union_of(type, classes);
    case Kind::secret: {
        const std::string inside = python_hint(type.elements.front(), classes);
        return inside == "str" ? inside : fmt::format("Union[{}, str]", inside);
    }
    case Kind::uuid:
        return "UUID";
    case Kind::timestamp:
        return "datetime";
    case Kind::duration:
        return is_coarse(type.period) ? "timedelta" : "str";
    case Kind::dynamic:
        return "Any";
    }
    std::unreachable();
}

std::string PythonKinds::write(const DataType& type) {
    return written(type).text;
}

std::string PythonKinds::take_names() {
    return std::exchange(names_, {});
}

PythonKinds::Written PythonKinds::around(std::string_view name, const DataType& type,
                                         std::string_view more) {
    std::string inside;
    std::size_t depth = 0;
    for (const DataType& element : type.elements) {
        const Written each = written(element);
        inside += inside.empty() ? "" : ", ";
        inside += each.text;
        depth = std::max(depth, each.depth);
    }
    const std::string text = fmt::format("_w.{}({}{})", name, inside, more);
    if (depth < python_depth_max) {
        return {text, depth + 1};
    }
    const std::string own = fmt::format("_kind_{}", ++name_count_);
    names_ += fmt::format("{} = {}\n", own, text);
    return {own, 0};
}

PythonKinds::Written PythonKinds::written(const DataType& type) {
    switch (type.kind) {
    case Kind::nothing:
        return {"_w.Nothing()"};
    case Kind::boolean:
        return {"_w.Boolean()"};
    case Kind::integer:
        return {fmt::format("_w.Integer({}{})", type.bits, type.is_signed ? "" : ", False")};
    case Kind::floating:
        return {fmt::format("_w.Floating({})", type.bits)};
    case Kind::text:
        return {"_w.Text()"};
    case Kind::bytes:
        return {"_w.Binary()"};
    case Kind::enumeration:
        return {fmt::format("_w.Enumeration(\"{}\")", class_of(classes_, type))};
    case Kind::model:
        return {fmt::format("_w.Object(\"{}\")", class_of(classes_, type))};
    case Kind::optional:
        return around("Optional", type, "");
    case Kind::list:
        return around("List", type, "");
    case Kind::set:
        return around("Set", type, "");
    case Kind::array:
        return around("Array", type, fmt::format(", {}", type.length));
    case Kind::map:
        return around("Map", type, "");
    case Kind::choice:
        return around("Choice", type, "");
    case Kind::secret:
        return around("Secret", type, "");
    case Kind::uuid:
        return {"_w.Uuid()"};
    case Kind::timestamp:
        return {"_w.Timestamp()"};
    case Kind::duration:
        return {fmt::format("_w.Duration({}, {}, {})", type.bits,
                            std::max<std::int64_t>(type.period.numerator, 1),
                            std::max<std::int64_t>(type.period.denominator, 1))};
    case Kind::absolute_path:
        return {"_w.Path(True)"};
    case Kind::relative_path:
        return {"_w.Path(False)"};
    case Kind::dynamic:
        return {"_w.Anything()"};
    }
    std::unreachable();
}

}  // namespace warren::docs
