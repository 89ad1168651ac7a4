#include "contract/diff_types.hpp"

#include <algorithm>
#include <utility>

namespace warren::contract {
namespace {

using DiffKind = Type::Kind;

constexpr std::size_t no_alternative = static_cast<std::size_t>(-1);
constexpr std::size_t ordered_max = 4096;

/// What a value looks like before it is bound. Alternatives that look alike are tried in their
/// order, and the first that takes a value has it.
enum class Look : std::uint8_t { null, truth, number, text, bytes, list, object, any };

Look look_of(const DataType& type) noexcept {
    switch (type.kind) {
    case DiffKind::nothing:
        return Look::null;
    case DiffKind::boolean:
        return Look::truth;
    case DiffKind::integer:
    case DiffKind::floating:
        return Look::number;
    case DiffKind::text:
    case DiffKind::enumeration:
    case DiffKind::uuid:
    case DiffKind::timestamp:
    case DiffKind::duration:
    case DiffKind::absolute_path:
    case DiffKind::relative_path:
        return Look::text;
    case DiffKind::bytes:  // JSON has them as text
        return Look::any;
    case DiffKind::list:
    case DiffKind::set:
    case DiffKind::array:
        return Look::list;
    case DiffKind::map:
    case DiffKind::model:
        return Look::object;
    case DiffKind::optional:
    case DiffKind::choice:
    case DiffKind::secret:
    case DiffKind::dynamic:
        return Look::any;
    }
    return Look::any;
}

bool may_look_alike(const DataType& left, const DataType& right) noexcept {
    const Look first = look_of(left);
    const Look second = look_of(right);
    return first == second || first == Look::any || second == Look::any;
}

}  // namespace

/// The alternative that takes one that is written: the best, and rather one of the same kind. It is
/// looked for first in the same place, where most have stayed.
/// out  `no_alternative`: none may take it, and none is alike
std::size_t TypeDiff::alternative_for(Operand written, std::size_t place, Operand reader) {
    const auto& read = reader.type.elements;
    const std::string words = words_of(writer_document(), written.type);
    const auto is_alike = [&](const DataType& other) {
        const bool is_named = other.kind == DiffKind::model || other.kind == DiffKind::enumeration;
        return other.kind == written.type.kind &&
               (!is_named || words_of(reader_document(), other) == words);
    };
    std::size_t best = no_alternative;
    std::pair best_rank{Verdict::breaking, true};  // and whether it is another kind
    for (std::size_t step = 0; step <= read.size() && fits_tried_ <= fits_max; ++step) {
        const std::size_t other = step == 0 ? place : step - 1;
        if (other >= read.size() || (step != 0 && other == place)) {
            continue;
        }
        const std::pair rank{settled_fit(written, {read[other], reader.demands}),
                             !is_alike(read[other])};
        if (rank < best_rank) {
            best = other;
            best_rank = rank;
        }
        if (rank == std::pair{Verdict::compatible, false}) {
            break;
        }
    }
    return best;
}

Verdict TypeDiff::compare_choices(Operand writer, Operand reader, const DiffStep& at) {
    const auto& written = writer.type.elements;
    const auto& read = reader.type.elements;
    std::vector<std::size_t> taken_by;
    std::vector<bool> takes(read.size());
    Verdict verdict = Verdict::compatible;
    for (const DataType& type : written) {
        const Operand each{type, writer.demands};
        const std::size_t taker =
            taken_by.emplace_back(alternative_for(each, taken_by.size(), reader));
        const std::string words = words_of(writer_document(), type);
        const DiffStep here{&at, DiffStep::Kind::alternative, words};
        if (taker == no_alternative) {
            verdict = say(
                Verdict::breaking, here,
                [this] {
                    return std::string{to_server()
                                           ? "This alternative was removed."
                                           : "A new alternative, which old clients do not know."};
                },
                remedy_for_types());
            continue;
        }
        takes[taker] = true;
        verdict = std::max(verdict, compare_operands(each, {read[taker], reader.demands}, here));
    }
    for (std::size_t other = 0; other < read.size(); ++other) {
        if (!takes[other]) {
            const std::string words = words_of(reader_document(), read[other]);
            const DiffStep here{&at, DiffStep::Kind::alternative, words};
            say(Verdict::compatible, here, [this] {
                return std::string{to_server() ? "A new alternative."
                                               : "This alternative was removed."};
            });
        }
    }
    return std::max(verdict, compare_order(writer.type, reader.type, taken_by, at));
}

/// Whether a value may be taken for another alternative than it was: for one that stands before its
/// own and looks like it, and did not do so on the other side.
Verdict TypeDiff::compare_order(const DataType& writer, const DataType& reader,
                                const std::vector<std::size_t>& taken_by, const DiffStep& at) {
    const auto& read = reader.elements;
    if (read.size() > ordered_max) {
        return Verdict::compatible;  // of so many the first that takes a value is anyone's guess
    }
    std::vector<bool> stood_before(read.size());
    for (std::size_t index = 0; index < taken_by.size(); ++index) {
        const std::size_t taker = taken_by[index];
        if (taker == no_alternative) {
            continue;
        }
        for (std::size_t earlier = 0; earlier < taker; ++earlier) {
            if (!stood_before[earlier] && may_look_alike(read[earlier], read[taker])) {
                return say(
                    Verdict::risky, at,
                    [&] {
                        return "What was meant as " +
                               words_of(writer_document(), writer.elements[index]) +
                               " may be taken for " + words_of(reader_document(), read[earlier]) +
                               ", which is tried before it" +
                               (to_server() ? " now." : " by old clients.");
                    },
                    "Keep the order of alternatives, and put new ones behind the others.");
            }
        }
        stood_before[taker] = true;
    }
    return Verdict::compatible;
}

}  // namespace warren::contract
