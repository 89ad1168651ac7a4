#include "model/check.hpp"

#include "core/utf8.hpp"
#include "model/duration.hpp"
#include "model/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace warren::model {
namespace {

std::string counted(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

class Checker {
public:
    Checker(const Constraints& constraints, const Location& at, ErrorSink& errors)
        : constraints_{constraints}, at_{at}, errors_{errors} {}

    void content(const Type& type, const void* object) {
        switch (type.kind) {
        case Type::Kind::integer:
            number(load_integer(type, object));
            return;
        case Type::Kind::floating:
            number(Value::floating(load_floating(type, object)));
            return;
        case Type::Kind::text:
            text(*static_cast<const std::string*>(object));
            return;
        case Type::Kind::absolute_path:
            text(static_cast<const AbsolutePath*>(object)->text);
            return;
        case Type::Kind::relative_path:
            text(static_cast<const RelativePath*>(object)->text);
            return;
        case Type::Kind::bytes:
            length(static_cast<const Bytes*>(object)->size(), "Bytes", "byte", "bytes_too_short",
                   "bytes_too_long");
            return;
        case Type::Kind::duration:
            number(seconds_of(type, load_integer(type, object).as_int64()));
            return;
        case Type::Kind::list:
        case Type::Kind::set:
        case Type::Kind::map:
            elements(type.operations.size(object), type);
            return;
        case Type::Kind::optional:
            if (const void* held = type.operations.peek(object)) {
                content(*type.element, held);
            }
            return;
        case Type::Kind::secret:
            content(*type.element, type.operations.peek(object));
            return;
        case Type::Kind::choice: {
            const std::size_t index = type.operations.alternative(object);
            if (index < type.alternatives.size()) {
                content(*type.alternatives[index], type.operations.peek(object));
            }
            return;
        }
        case Type::Kind::dynamic:
            dynamic(static_cast<const Dynamic*>(object)->value());
            return;
        case Type::Kind::nothing:
        case Type::Kind::boolean:
        case Type::Kind::enumeration:
        case Type::Kind::array:
        case Type::Kind::model:
        case Type::Kind::uuid:
        case Type::Kind::timestamp:
            return;
        }
    }

    /// A list's, set's or map's length.
    void elements(std::size_t count, const Type& type) {
        if (type.kind != Type::Kind::map) {
            length(count, type.kind == Type::Kind::list ? "List" : "Set", "item", "too_short",
                   "too_long");
        } else {
            length(count, "Object", "member", "too_short", "too_long");
        }
    }

private:
    void bound(const std::optional<Value>& limit, const Value& held, std::string_view type,
               std::string_view words, bool (*holds)(std::partial_ordering)) {
        if (limit && !holds(compare(held, *limit))) {
            errors_.add(at_, type, [&] {
                return fmt::format("Input should be {} {}", words, to_text(*limit));
            });
        }
    }

    void number(const Value& held) {
        bound(constraints_.greater_than, held, "greater_than", "greater than", std::is_gt);
        bound(constraints_.at_least, held, "greater_than_equal", "greater than or equal to",
              std::is_gteq);
        bound(constraints_.less_than, held, "less_than", "less than", std::is_lt);
        bound(constraints_.at_most, held, "less_than_equal", "less than or equal to", std::is_lteq);
    }

    void length(std::size_t held, std::string_view subject, std::string_view noun,
                std::string_view short_type, std::string_view long_type) {
        if (constraints_.min_length && held < *constraints_.min_length) {
            errors_.add(at_, short_type, [&] {
                return fmt::format("{} should have at least {}, not {}", subject,
                                   counted(*constraints_.min_length, noun), held);
            });
        }
        if (constraints_.max_length && held > *constraints_.max_length) {
            errors_.add(at_, long_type, [&] {
                return fmt::format("{} should have at most {}, not {}", subject,
                                   counted(*constraints_.max_length, noun), held);
            });
        }
    }

    /// A character has one to four bytes, so that mostly they need not be counted.
    bool may_have_wrong_length(std::size_t size_bytes) const noexcept {
        return (constraints_.min_length && size_bytes / 4 < *constraints_.min_length) ||
               (constraints_.max_length && size_bytes > *constraints_.max_length);
    }

    void text(std::string_view held) {
        if (may_have_wrong_length(held.size())) {
            length(core::utf8_count(held), "Text", "character", "string_too_short",
                   "string_too_long");
        }
        if (constraints_.pattern && !constraints_.pattern->matches(held)) {
            errors_.add(at_, "string_pattern_mismatch", [&] {
                return fmt::format("Text should match the pattern '{}'",
                                   constraints_.pattern->expression());
            });
        }
    }

    void dynamic(const Value& held) {
        switch (held.kind()) {
        case Value::Kind::int64:
        case Value::Kind::uint64:
        case Value::Kind::float64:
            number(held);
            return;
        case Value::Kind::text:
            text(held.as_text());
            return;
        case Value::Kind::bytes:
            length(held.as_bytes().size(), "Bytes", "byte", "bytes_too_short", "bytes_too_long");
            return;
        case Value::Kind::list:
            length(held.as_list().size(), "List", "item", "too_short", "too_long");
            return;
        case Value::Kind::map:
            length(held.as_map().size(), "Object", "member", "too_short", "too_long");
            return;
        case Value::Kind::null:
        case Value::Kind::boolean:
            return;
        }
    }

    const Constraints& constraints_;
    const Location& at_;
    ErrorSink& errors_;
};

}  // namespace

bool check_field(const Constraints& constraints, const Type& type, const void* object,
                 const Location& at, ErrorSink& errors) {
    const std::size_t before = errors.count();
    Checker{constraints, at, errors}.content(type, object);
    return errors.count() == before && run_checks(constraints.checks, object, at, errors);
}

bool run_all_checks(std::span<const Constraints::Check> checks, const void* object,
                    const Location& at, ErrorSink& errors) {
    const std::size_t before = errors.count();
    for (const Constraints::Check& check : checks) {
        if (!check.holds(check.predicate.get(), object)) {
            errors.add(at, "value_error", check.message);
        }
    }
    return errors.count() == before;
}

std::string names_of(std::span<const Enumerator> enumerators) {
    std::string names;
    for (std::size_t at = 0; at < enumerators.size(); ++at) {
        if (at != 0) {
            names += at + 1 == enumerators.size() ? " or " : ", ";
        }
        names += fmt::format("'{}'", enumerators[at].name);
    }
    return names;
}

const Enumerator* enumerator_of(const Type& type, const void* object) noexcept {
    // Enumerators hold the bits of their number as int64, also for enumerations over uint64.
    const auto number = static_cast<std::int64_t>(load_integer(type, object).as_uint64());
    const auto found = std::ranges::find(type.enumerators, number, &Enumerator::number);
    return found != type.enumerators.end() ? &*found : nullptr;
}

bool check_length_first(const Constraints& constraints, const Type& type, const Value& value,
                        const Location& at, ErrorSink& errors) {
    if (!constraints.max_length) {
        return true;
    }
    const Type* content = &type;
    while (content->kind == Type::Kind::optional || content->kind == Type::Kind::secret) {
        content = content->element;
    }
    const bool list =
        (content->kind == Type::Kind::list || content->kind == Type::Kind::set) && value.is_list();
    const bool map = content->kind == Type::Kind::map && value.is_map();
    const std::size_t count =
        list ? value.as_list().size() : (map ? value.as_map().size() : std::size_t{0});
    if (count <= *constraints.max_length) {
        return true;
    }
    Checker{constraints, at, errors}.elements(count, *content);
    return false;
}

}  // namespace warren::model
