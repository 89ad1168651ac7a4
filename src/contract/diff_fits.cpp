#include "contract/diff_range.hpp"
#include "contract/diff_types.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <utility>

// What binds as what, as src/model/bind*.cpp has it, and is written as src/model/render.cpp does.
// Verdicts alone: this decides which alternative of a union takes what, where most answers are no.
namespace warren::contract {
namespace {

using DiffKind = Type::Kind;

const DataType& element_of(const DataType& type) noexcept {
    static const DataType none;
    return type.elements.empty() ? none : type.elements.front();
}

bool is_listed(DiffKind kind) noexcept {
    return kind == DiffKind::list || kind == DiffKind::set || kind == DiffKind::array;
}

bool has_demands(const Demands& demands) noexcept {
    return demands.greater_than || demands.at_least || demands.less_than || demands.at_most ||
           demands.min_length || demands.max_length || !demands.pattern.empty();
}

/// What is only judged stands nowhere.
constexpr DiffStep nowhere{};

}  // namespace

Verdict TypeDiff::judge(const DataType& before, const DataType& after) {
    return to_server() ? settled_fit({before, no_demands}, {after, no_demands})
                       : settled_fit({after, no_demands}, {before, no_demands});
}

/// The verdict once those of all pairs of models that it depends on are final.
Verdict TypeDiff::settled_fit(Operand writer, Operand reader) {
    const bool was_judging = std::exchange(judging_, true);
    fits(writer, reader);
    settle();
    const Verdict verdict = fits(writer, reader);
    judging_ = was_judging;
    return verdict;
}

/// From the hope that all models fit to what is so: each round may make some worse, and none
/// better. From the back, since a model mostly is found before those that it holds.
void TypeDiff::settle() {
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t index = settled_; index < judged_.size(); ++index) {
            const std::size_t known = judged_.size();
            judge_pair(judged_[index].pair);
            changed |= judged_.size() != known;
        }
        for (std::size_t index = judged_.size(); index-- > settled_;) {
            const Verdict verdict = judge_pair(judged_[index].pair);
            changed |= verdict != judged_[index].verdict;
            judged_[index].verdict = verdict;
        }
    }
    settled_ = judged_.size();
}

Verdict TypeDiff::judge_pair(const Pair& pair) {
    return compare_fields(*pair.first, *pair.second, nowhere);
}

Verdict TypeDiff::fits_models(const DataType& writer, const DataType& reader) {
    const Pair pair{writer_document().find_model(writer.reference),
                    reader_document().find_model(reader.reference)};
    if (pair.first == nullptr || pair.second == nullptr) {
        return Verdict::breaking;
    }
    const auto [found, is_new] = judged_at_.emplace(pair, judged_.size());
    if (is_new) {
        judged_.push_back({pair});
    }
    return judged_[found->second].verdict;
}

bool TypeDiff::takes_null(const DataType& type) const noexcept {
    switch (type.kind) {
    case DiffKind::nothing:
    case DiffKind::optional:
    case DiffKind::dynamic:
        return true;
    case DiffKind::secret:
        return takes_null(element_of(type));
    case DiffKind::choice:
        return std::ranges::any_of(type.elements,
                                   [this](const DataType& each) { return takes_null(each); });
    default:
        return false;
    }
}

Verdict TypeDiff::fits(Operand writer, Operand reader) {
    if (++fits_tried_ > fits_max) {
        return Verdict::risky;
    }
    const DataType& written = writer.type;
    const DataType& read = reader.type;
    if (written.kind == DiffKind::choice ||
        (read.kind == DiffKind::choice && written.kind != DiffKind::optional)) {
        return fits_choice(writer, reader);
    }
    if (written.kind == DiffKind::optional) {
        if (!takes_null(read)) {
            return Verdict::breaking;
        }
        const Operand content{element_of(written), writer.demands};
        return fits(content, read.kind == DiffKind::optional
                                 ? Operand{element_of(read), reader.demands}
                                 : reader);
    }
    if (read.kind == DiffKind::optional) {
        return written.kind == DiffKind::nothing ? Verdict::compatible
                                                 : fits(writer, {element_of(read), reader.demands});
    }
    if (read.kind == DiffKind::dynamic && written.kind != DiffKind::dynamic) {
        return fits_dynamic(writer, reader);
    }
    if (written.kind == DiffKind::model && read.kind == DiffKind::model) {
        return fits_models(written, read);
    }
    if (written.kind == read.kind) {
        return compare_alike(writer, reader, nowhere);
    }
    if (written.kind == DiffKind::secret || read.kind == DiffKind::secret) {
        return compare_secret(writer, reader, nowhere);
    }
    return fits_other_kind(writer, reader);
}

/// Each alternative needs one that takes all of it.
Verdict TypeDiff::fits_choice(Operand writer, Operand reader) {
    if (writer.type.kind == DiffKind::choice) {
        Verdict worst = Verdict::compatible;
        for (const DataType& each : writer.type.elements) {
            worst = std::max(worst, fits({each, writer.demands}, reader));
            if (worst == Verdict::breaking) {
                break;
            }
        }
        return worst;
    }
    Verdict best = Verdict::breaking;
    for (const DataType& each : reader.type.elements) {
        best = std::min(best, fits(writer, {each, reader.demands}));
        if (best == Verdict::compatible) {
            break;
        }
    }
    return best;
}

Verdict TypeDiff::fits_other_kind(Operand writer, Operand reader) {
    switch (reader.type.kind) {
    case DiffKind::floating:
        return writer.type.kind == DiffKind::integer ? compare_numbers(writer, reader, nowhere)
                                                     : Verdict::breaking;
    case DiffKind::text:
        return fits_text(writer, reader);
    case DiffKind::timestamp:
    case DiffKind::duration:
        return fits_number(writer, reader);
    case DiffKind::list:
    case DiffKind::set:
    case DiffKind::array:
        return fits_items(writer, reader);
    case DiffKind::map:
        return fits_map(writer, reader);
    default:
        // Text that is no number, a float with a fraction, a list that is no object: what may be
        // refused is.
        return Verdict::breaking;
    }
}

Verdict TypeDiff::fits_text(Operand writer, Operand reader) {
    switch (writer.type.kind) {
    case DiffKind::enumeration: {
        const auto* enumeration = writer_document().find_enumeration(writer.type.reference);
        if (enumeration == nullptr) {
            return Verdict::breaking;
        }
        const auto bound = length_range(reader.type, reader.demands);
        const bool all_fit =
            std::ranges::all_of(enumeration->enumerators, [&bound](const EnumeratorDocument& each) {
                const std::size_t length = core::utf8_count(each.name);
                return bound.contains({length, length});
            });
        if (!all_fit) {
            return Verdict::breaking;
        }
        return reader.demands.pattern.empty() ? Verdict::compatible : Verdict::risky;
    }
    case DiffKind::uuid:
    case DiffKind::timestamp:
    case DiffKind::duration:
    case DiffKind::absolute_path:
    case DiffKind::relative_path:
        return std::max(
            compare_lengths(writer, reader, "characters", nowhere),
            reader.demands.pattern.empty() || reader.demands.pattern == writer.demands.pattern
                ? Verdict::compatible
                : Verdict::risky);
    default:
        return Verdict::breaking;
    }
}

/// Numbers are seconds where a time is read: what is taken so may be meant so, or not.
Verdict TypeDiff::fits_number(Operand writer, Operand reader) {
    const bool is_whole = writer.type.kind == DiffKind::integer;
    if (!is_whole && writer.type.kind != DiffKind::floating) {
        return Verdict::breaking;
    }
    const NumberRange written = number_range(writer.type, writer.demands);
    constexpr std::int64_t first_second = -62'167'219'200;  // of the year 0
    constexpr std::int64_t last_second = 253'402'300'799;   // of the year 9999
    if (reader.type.kind == DiffKind::timestamp) {
        const NumberRange all{.least = Value::integer(first_second),
                              .greatest = Value::integer(last_second)};
        return all.contains(written) ? Verdict::risky : Verdict::breaking;
    }
    // A float may be finer than any unit.
    const bool holds = is_whole && 1'000'000'000 % unit_ns(reader.type) == 0 &&
                       number_range(reader.type, reader.demands).contains(written);
    return holds ? Verdict::risky : Verdict::breaking;
}

Verdict TypeDiff::fits_items(Operand writer, Operand reader) {
    if (!is_listed(writer.type.kind)) {
        return Verdict::breaking;
    }
    const LengthRange written = length_range(writer.type, writer.demands);
    const bool may_repeat = reader.type.kind == DiffKind::set && written.greatest.value_or(2) > 1;
    if (may_repeat || !length_range(reader.type, reader.demands).contains(written)) {
        return Verdict::breaking;
    }
    return fits({element_of(writer.type), no_demands}, {element_of(reader.type), no_demands});
}

/// An object by its fields' names, where a map is read.
Verdict TypeDiff::fits_map(Operand writer, Operand reader) {
    const ModelDocument* model = writer.type.kind == DiffKind::model
                                     ? writer_document().find_model(writer.type.reference)
                                     : nullptr;
    if (model == nullptr) {
        return Verdict::breaking;
    }
    const auto is_sent = [this](const FieldDocument& field) {
        return !to_server() || field.required;
    };
    const LengthRange written{
        .least = static_cast<std::size_t>(std::ranges::count_if(model->fields, is_sent)),
        .greatest = model->fields.size()};
    Verdict worst = length_range(reader.type, reader.demands).contains(written)
                        ? Verdict::compatible
                        : Verdict::breaking;
    for (const FieldDocument& field : model->fields) {
        if (worst == Verdict::breaking) {
            break;
        }
        worst = std::max(worst,
                         fits({field.type, field.demands}, {element_of(reader.type), no_demands}));
    }
    return worst;
}

/// Anything is taken, but what demands say of its kind.
Verdict TypeDiff::fits_dynamic(Operand writer, Operand reader) {
    if (!has_demands(reader.demands)) {
        return Verdict::compatible;
    }
    switch (writer.type.kind) {
    case DiffKind::nothing:
    case DiffKind::boolean:
        return Verdict::compatible;
    case DiffKind::integer:
    case DiffKind::floating:
        return reader.demands.greater_than || reader.demands.at_least || reader.demands.less_than ||
                       reader.demands.at_most
                   ? compare_numbers(writer, reader, nowhere)
                   : Verdict::compatible;
    case DiffKind::text:
        return std::max(compare_lengths(writer, reader, "characters", nowhere),
                        compare_patterns(writer, reader, nowhere));
    case DiffKind::enumeration:
    case DiffKind::uuid:
    case DiffKind::timestamp:
    case DiffKind::duration:
    case DiffKind::absolute_path:
    case DiffKind::relative_path: {
        const DataType text{.kind = DiffKind::text};
        return fits_text(writer, {text, reader.demands});
    }
    case DiffKind::list:
    case DiffKind::set:
    case DiffKind::array:
    case DiffKind::map:
        return compare_lengths(writer, reader, "items", nowhere);
    default:
        return Verdict::risky;
    }
}

}  // namespace warren::contract
