#include "contract/diff_range.hpp"
#include "contract/diff_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace warren::contract {
namespace {

using DiffKind = Type::Kind;

constexpr std::string_view remedy_for_checks =
    "Make sure that what is sent holds the check, or that whoever sends it is told.";

Verdict verdict_of(bool fits) noexcept {
    return fits ? Verdict::compatible : Verdict::breaking;
}

bool is_same_number(const DataType& left, const DataType& right) noexcept {
    return left.kind == right.kind && left.bits == right.bits && left.is_signed == right.is_signed;
}

/// What is in one list and not in the other, as often as it is more there.
std::vector<std::string_view> only_in(const std::vector<std::string>& first,
                                      const std::vector<std::string>& second) {
    std::unordered_multiset<std::string_view> others{second.begin(), second.end()};
    std::vector<std::string_view> only;
    for (const std::string& each : first) {
        if (const auto other = others.find(each); other != others.end()) {
            others.erase(other);
        } else {
            only.push_back(each);
        }
    }
    return only;
}

}  // namespace

Verdict TypeDiff::compare_numbers(Operand writer, Operand reader, const DiffStep& at) {
    const NumberRange written = number_range(writer.type, writer.demands);
    const NumberRange read = number_range(reader.type, reader.demands);
    const bool same_type = is_same_number(writer.type, reader.type);
    if (same_type && written == read) {
        return Verdict::compatible;
    }
    Verdict verdict = verdict_of(read.contains(written));
    if (verdict == Verdict::compatible && reader.type.kind == DiffKind::floating) {
        const bool exact = writer.type.kind == DiffKind::integer
                               ? are_exact_in(reader.type.bits, written)
                               : writer.type.bits <= reader.type.bits;
        // A narrow number is written as a decimal one, which may be on the other side of a bound.
        const bool stays = writer.type.kind != DiffKind::floating || same_type ||
                           keeps_as_decimal(number_range(DataType{}, reader.demands));
        verdict = exact && stays ? Verdict::compatible : Verdict::risky;
    }
    return say(
        verdict, at,
        [&] {
            const Operand& before = to_server() ? writer : reader;
            const Operand& after = to_server() ? reader : writer;
            const std::string types = same_type ? std::string{}
                                                : "The type changed from " +
                                                      words_of(before_, before.type) + " to " +
                                                      words_of(after_, after.type) + ". ";
            return fmt::format("{}Its values were {}, and are {} now.", types,
                               to_text(to_server() ? written : read),
                               to_text(to_server() ? read : written));
        },
        remedy_for_types());
}

Verdict TypeDiff::compare_durations(Operand writer, Operand reader, const DiffStep& at) {
    const std::int64_t written_ns = unit_ns(writer.type);
    const std::int64_t read_ns = unit_ns(reader.type);
    Verdict unit = Verdict::compatible;
    if (written_ns != read_ns) {
        unit = say(
            verdict_of(written_ns % read_ns == 0), at,
            [&] {
                const bool finer = to_server() ? read_ns < written_ns : written_ns < read_ns;
                return std::string{finer ? "Its unit is finer now." : "Its unit is coarser now."};
            },
            remedy_for_types());
    }
    const NumberRange written = number_range(writer.type, writer.demands);
    const NumberRange read = number_range(reader.type, reader.demands);
    if (written == read) {
        return unit;
    }
    Verdict range = verdict_of(read.contains(written));
    if (range == Verdict::breaking && reader.type.bits >= 64 &&
        number_range({.kind = DiffKind::dynamic}, reader.demands).contains(written)) {
        range = Verdict::risky;  // only durations of centuries do not fit
    }
    return std::max(unit, say(
                              range, at,
                              [&] {
                                  return fmt::format("Its seconds were {} and are {} now.",
                                                     to_text(to_server() ? written : read),
                                                     to_text(to_server() ? read : written));
                              },
                              remedy_for_types()));
}

Verdict TypeDiff::compare_lengths(Operand writer, Operand reader, std::string_view unit,
                                  const DiffStep& at) {
    const LengthRange written = length_range(writer.type, writer.demands);
    const LengthRange read = length_range(reader.type, reader.demands);
    if (written == read) {
        return Verdict::compatible;
    }
    return say(
        verdict_of(read.contains(written)), at,
        [&] {
            return fmt::format("The number of {} was {} and is {} now.", unit,
                               to_text(to_server() ? written : read),
                               to_text(to_server() ? read : written));
        },
        remedy_for_types());
}

Verdict TypeDiff::compare_patterns(Operand writer, Operand reader, const DiffStep& at) {
    const std::string& written = writer.demands.pattern;
    const std::string& read = reader.demands.pattern;
    if (written == read) {
        return Verdict::compatible;
    }
    const Verdict verdict = read.empty()      ? Verdict::compatible
                            : written.empty() ? Verdict::breaking
                                              : Verdict::risky;
    return say(
        verdict, at,
        [&] {
            const std::string& before = to_server() ? written : read;
            const std::string& after = to_server() ? read : written;
            if (before.empty()) {
                return "It has to match the pattern " + in_quotes(after) + " now.";
            }
            if (after.empty()) {
                return "It need not match the pattern " + in_quotes(before) + " any more.";
            }
            return "The pattern changed from " + in_quotes(before) + " to " + in_quotes(after) +
                   ".";
        },
        verdict == Verdict::risky ? "Make sure that all that matched before still matches."
                                  : remedy_for_types());
}

Verdict TypeDiff::compare_enumerations(const DataType& writer, const DataType& reader,
                                       const DiffStep& at) {
    const EnumerationDocument* written = writer_document().find_enumeration(writer.reference);
    const EnumerationDocument* read = reader_document().find_enumeration(reader.reference);
    if (written == nullptr || read == nullptr) {
        return say(
            Verdict::breaking, at,
            [] { return std::string{"An enumeration is not in its document."}; },
            "Make the document again.");
    }
    const auto names_of = [](const EnumerationDocument& enumeration) {
        std::vector<std::string> names;
        std::ranges::transform(enumeration.enumerators, std::back_inserter(names),
                               &EnumeratorDocument::name);
        return names;
    };
    const std::vector<std::string> writes = names_of(*written);
    const std::vector<std::string> reads = names_of(*read);
    Verdict verdict = Verdict::compatible;
    for (const std::string_view name : only_in(writes, reads)) {
        verdict = say(
            Verdict::breaking, at,
            [&] {
                return in_quotes(name) + (to_server() ? " is no value of it any more."
                                                      : " is a new value of it, which old "
                                                        "clients do not know.");
            },
            to_server() ? "Keep the enumerator, and treat it as one of the others."
                        : "Answer the new value only in another method or field.");
    }
    for (const std::string_view name : only_in(reads, writes)) {
        verdict =
            std::max(verdict, say(Verdict::compatible, at, [&] {
                         return in_quotes(name) + (to_server() ? " is a new value of it."
                                                               : " is no value of it any more.");
                     }));
    }
    return verdict;
}

Verdict TypeDiff::compare_checks(const std::vector<std::string>& writer,
                                 const std::vector<std::string>& reader, const DiffStep& at) {
    Verdict verdict = Verdict::compatible;
    for (const std::string_view message : only_in(reader, writer)) {
        verdict = say(
            Verdict::risky, at,
            [&] {
                return to_server() ? "A check was added: " + in_quotes(message) + "."
                                   : "A check was removed, which old clients still make: " +
                                         in_quotes(message) + ".";
            },
            remedy_for_checks);
    }
    for (const std::string_view message : only_in(writer, reader)) {
        verdict =
            std::max(verdict, say(Verdict::compatible, at, [&] {
                         return (to_server() ? "A check was removed: " : "A check was added: ") +
                                in_quotes(message) + ".";
                     }));
    }
    return verdict;
}

}  // namespace warren::contract
