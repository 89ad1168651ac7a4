#include "contract/diff_types.hpp"
#include "core/utf8.hpp"
#include "format/json/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace warren::contract {
namespace {

/// Finds fields by name: mostly they stand in the same place.
class FieldFinder {
public:
    explicit FieldFinder(const ModelDocument& model) noexcept : fields_{model.fields} {}

    const FieldDocument* find(std::string_view name, std::size_t place) {
        if (place < fields_.size() && fields_[place].name == name) {
            return &fields_[place];
        }
        if (by_name_.empty()) {
            by_name_.reserve(fields_.size());
            for (const FieldDocument& field : fields_) {
                by_name_.emplace(field.name, &field);
            }
        }
        const auto found = by_name_.find(name);
        return found == by_name_.end() ? nullptr : found->second;
    }

private:
    const std::vector<FieldDocument>& fields_;
    std::unordered_map<std::string_view, const FieldDocument*> by_name_;
};

/// What a field is when it is left out.
/// out  nullopt: not told, since it is secret
std::optional<Dynamic> default_of(const FieldDocument& field) {
    if (!field.default_value && !field.is_secret && field.type.kind == Type::Kind::optional) {
        return Dynamic{};
    }
    return field.default_value;
}

std::string shown(const Dynamic& value) {
    constexpr std::size_t bytes_max = 80;
    std::string text;
    return format::json_encode(value.value(), text) ? core::text_for_display(text, bytes_max)
                                                    : "something without a form in JSON";
}

/// Whether a value of the type may be a list or a map, which alone would be all arguments.
bool may_hold_several(const DataType& type) {
    switch (type.kind) {
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::array:
    case Type::Kind::map:
    case Type::Kind::model:
    case Type::Kind::dynamic:
        return true;
    case Type::Kind::optional:
    case Type::Kind::secret:
    case Type::Kind::choice:
        return std::ranges::any_of(type.elements, may_hold_several);
    default:
        return false;
    }
}

}  // namespace

Verdict TypeDiff::compare_fields(const ModelDocument& writer, const ModelDocument& reader,
                                 const DiffStep& at) {
    FieldFinder written{writer};
    Verdict verdict = Verdict::compatible;
    for (std::size_t place = 0; place < reader.fields.size(); ++place) {
        const FieldDocument& field = reader.fields[place];
        const FieldDocument* const other = written.find(field.name, place);
        verdict = std::max(verdict, other == nullptr ? field_only_read(writer, field, at)
                                                     : compare_field(*other, field, at));
    }
    FieldFinder read{reader};
    for (std::size_t place = 0; place < writer.fields.size(); ++place) {
        const FieldDocument& field = writer.fields[place];
        if (read.find(field.name, place) == nullptr) {
            verdict = std::max(verdict, field_only_written(reader, field, at));
        }
    }
    if (to_server() && writer.forbids_extra != reader.forbids_extra) {
        verdict = std::max(
            verdict, say(
                         reader.forbids_extra ? Verdict::risky : Verdict::compatible, at,
                         [&] {
                             return std::string{reader.forbids_extra
                                                    ? "Fields that it does not have are refused "
                                                      "now; they were ignored."
                                                    : "Fields that it does not have are ignored "
                                                      "now; they were refused."};
                         },
                         "Make sure that no caller sends others, or go on ignoring them."));
    }
    return std::max(verdict, compare_checks(writer.checks, reader.checks, at));
}

Verdict TypeDiff::compare_field(const FieldDocument& writer, const FieldDocument& reader,
                                const DiffStep& at) {
    const DiffStep here{&at, DiffStep::Kind::member, reader.name};
    Verdict verdict = Verdict::compatible;
    if (to_server() && writer.required != reader.required) {
        verdict = say(
            reader.required ? Verdict::breaking : Verdict::compatible, here,
            [&] {
                return std::string{reader.required ? "It may not be left out any more."
                                                   : "It may be left out now."};
            },
            "Give it a default, so that it may be left out.");
    }
    if (to_server() && !writer.required && !reader.required) {
        const std::optional<Dynamic> before = default_of(writer);
        const std::optional<Dynamic> after = default_of(reader);
        if (before && after && *before != *after) {
            verdict = std::max(
                verdict,
                say(
                    Verdict::risky, here,
                    [&] {
                        return writer.is_secret || reader.is_secret
                                   ? "Where it is left out, it is something else now."
                                   : fmt::format("Where it is left out, it was {}, and is {} now.",
                                                 shown(*before), shown(*after));
                    },
                    "Keep the default, or tell those callers who leave the field out of the new "
                    "one."));
        }
    }
    verdict = std::max(verdict, compare_checks(writer.demands.checks, reader.demands.checks, here));
    return std::max(verdict, compare_operands({writer.type, writer.demands},
                                              {reader.type, reader.demands}, here));
}

Verdict TypeDiff::field_only_written(const ModelDocument& reader, const FieldDocument& field,
                                     const DiffStep& at) {
    const DiffStep here{&at, DiffStep::Kind::member, field.name};
    if (!to_server()) {
        return say(
            reader.forbids_extra ? Verdict::breaking : Verdict::compatible, here,
            [&] {
                return std::string{reader.forbids_extra
                                       ? "A new field, which clients of the old contract refuse: "
                                         "it forbids fields that it does not have."
                                       : "A new field."};
            },
            "Answer it in another method, or let clients ignore other fields first.");
    }
    const bool is_refused = reader.forbids_extra || reader.is_parameters;
    return say(
        is_refused ? Verdict::breaking : Verdict::risky, here,
        [&] {
            return std::string{is_refused ? "It was removed, and whoever sends it is refused."
                                          : "It was removed: what callers send in it is ignored."};
        },
        is_refused ? "Keep it and do nothing with it, deprecated, until no caller sends it."
                   : "Make sure that callers can do without.");
}

Verdict TypeDiff::field_only_read(const ModelDocument& writer, const FieldDocument& field,
                                  const DiffStep& at) {
    const DiffStep here{&at, DiffStep::Kind::member, field.name};
    if (!to_server()) {
        return say(
            Verdict::breaking, here, [] { return std::string{"It was removed."}; },
            "Go on answering it, deprecated, until no client reads it.");
    }
    return say(
        field.required ? Verdict::breaking : Verdict::compatible, here,
        [&] {
            if (field.required) {
                return std::string{"A new field that may not be left out."};
            }
            return std::string{writer.forbids_extra || writer.is_parameters
                                   ? "A new field that may be left out. Servers of the old "
                                     "contract refuse it: update them before callers."
                                   : "A new field that may be left out."};
        },
        "Give it a default, so that it may be left out.");
}

void TypeDiff::compare_arguments(const DataType& before, const DataType& after,
                                 const DiffStep& at) {
    const ModelDocument* const old_model =
        before.kind == Type::Kind::model ? before_.find_model(before.reference) : nullptr;
    const ModelDocument* const new_model =
        after.kind == Type::Kind::model ? after_.find_model(after.reference) : nullptr;
    if (old_model == nullptr || new_model == nullptr) {
        return;
    }
    const auto& fields = old_model->fields;
    const auto& others = new_model->fields;
    const auto [moved, instead] =
        std::ranges::mismatch(fields, others, {}, &FieldDocument::name, &FieldDocument::name);
    if (moved != fields.end() && instead != others.end()) {
        say(
            old_model->is_parameters ? Verdict::breaking : Verdict::risky, at,
            [&] {
                return "By position " + in_quotes(instead->name) + " stands where " +
                       in_quotes(moved->name) + " stood.";
            },
            "Keep the order, and put what is new behind the others.");
    }
    if (old_model->is_parameters && fields.size() == 1 && may_hold_several(fields.front().type) &&
        (others.size() != 1 || !new_model->is_parameters)) {
        say(
            Verdict::risky, at,
            [&] {
                return "A value alone was " + in_quotes(fields.front().name) +
                       "; where it is a list or an object, it is all arguments now.";
            },
            "Tell callers of protocols that send a value alone to name it.");
    }
}

}  // namespace warren::contract
