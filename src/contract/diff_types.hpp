#pragma once

#include "contract/diff.hpp"
#include "contract/diff_words.hpp"
#include "contract/document.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::contract {

/// Takes changes, and counts those that are too many to keep.
class ChangeList {
public:
    void add(Change change);
    std::size_t count() const noexcept {
        return changes_.breaking + changes_.risky + changes_.compatible;
    }
    /// Sorted.
    Diff take();

private:
    Diff changes_;
};

/// Whose values are to be held against whose type.
enum class Flow : std::uint8_t {
    to_server,  // old clients write, the new server reads
    to_client,  // the new server writes, old clients read
};

/// Which root is compared, and how its changes are labelled.
struct DiffRoot {
    std::string_view method;
    Direction direction;
    std::string path;
};

/// Whether all that one type writes binds as another, and if not, why. Each has its document. It
/// knows what binding takes (src/model/bind*.cpp) and what rendering gives, and must not know
/// methods.
///
/// Two models are compared once per root, breadth first and no deeper than values may be nested, so
/// that recursive models end. For unions, where the question is which alternative takes a value,
/// `fits` decides over pairs of models by the greatest fixed point.
class TypeDiff {
public:
    TypeDiff(const Document& before, const Document& after, Flow flow, ChangeList& changes) noexcept
        : before_{before}, after_{after}, flow_{flow}, changes_{changes} {}

    void compare(const DataType& before, const DataType& after, const DiffRoot& root);
    /// The same verdict without a word.
    Verdict judge(const DataType& before, const DataType& after);

private:
    /// A type with what is demanded of its values, on one side.
    struct Operand {
        const DataType& type;
        const Demands& demands;
    };
    // Alternatives of unions are tried in pairs. Past it nothing fits for sure: it is risky.
    static constexpr std::size_t fits_max = 10'000'000;
    using Pair = std::pair<const ModelDocument*, const ModelDocument*>;  // writer, reader
    struct Judged {
        Pair pair;
        Verdict verdict = Verdict::compatible;
    };
    struct Waiting {
        Pair pair;
        const DiffStep* at;  // one that is kept
        std::size_t depth;
    };

    bool to_server() const noexcept { return flow_ == Flow::to_server; }
    const Document& writer_document() const noexcept { return to_server() ? before_ : after_; }
    const Document& reader_document() const noexcept { return to_server() ? after_ : before_; }

    // diff_types.cpp: what is found is said, unless it is only judged
    Verdict compare_operands(Operand writer, Operand reader, const DiffStep& at);
    Verdict compare_alike(Operand writer, Operand reader, const DiffStep& at);
    Verdict compare_optional(Operand writer, Operand reader, const DiffStep& at);
    Verdict compare_secret(Operand writer, Operand reader, const DiffStep& at);
    Verdict compare_changed(Operand writer, Operand reader, const DiffStep& at);
    Verdict compare_models(const DataType& writer, const DataType& reader, const DiffStep& at);
    Verdict compare_element(Operand writer, Operand reader, DiffStep::Kind kind,
                            const DiffStep& at);

    // diff_demands.cpp
    Verdict compare_numbers(Operand writer, Operand reader, const DiffStep& at);
    Verdict compare_durations(Operand writer, Operand reader, const DiffStep& at);
    Verdict compare_lengths(Operand writer, Operand reader, std::string_view unit,
                            const DiffStep& at);
    Verdict compare_patterns(Operand writer, Operand reader, const DiffStep& at);
    Verdict compare_enumerations(const DataType& writer, const DataType& reader,
                                 const DiffStep& at);
    Verdict compare_checks(const std::vector<std::string>& writer,
                           const std::vector<std::string>& reader, const DiffStep& at);

    // diff_models.cpp
    Verdict compare_fields(const ModelDocument& writer, const ModelDocument& reader,
                           const DiffStep& at);
    Verdict compare_field(const FieldDocument& writer, const FieldDocument& reader,
                          const DiffStep& at);
    Verdict field_only_written(const ModelDocument& reader, const FieldDocument& field,
                               const DiffStep& at);
    Verdict field_only_read(const ModelDocument& writer, const FieldDocument& field,
                            const DiffStep& at);
    /// How arguments may stand in a request besides by name: by position, or alone.
    void compare_arguments(const DataType& before, const DataType& after, const DiffStep& at);

    // diff_choice.cpp
    Verdict compare_choices(Operand writer, Operand reader, const DiffStep& at);
    std::size_t alternative_for(Operand written, std::size_t place, Operand reader);
    Verdict compare_order(const DataType& writer, const DataType& reader,
                          const std::vector<std::size_t>& taken_by, const DiffStep& at);

    // diff_fits.cpp: the verdict alone
    Verdict fits(Operand writer, Operand reader);
    Verdict fits_choice(Operand writer, Operand reader);
    Verdict fits_other_kind(Operand writer, Operand reader);
    Verdict fits_text(Operand writer, Operand reader);
    Verdict fits_number(Operand writer, Operand reader);
    Verdict fits_items(Operand writer, Operand reader);
    Verdict fits_map(Operand writer, Operand reader);
    Verdict fits_dynamic(Operand writer, Operand reader);
    Verdict fits_models(const DataType& writer, const DataType& reader);
    bool takes_null(const DataType& type) const noexcept;
    Verdict settled_fit(Operand writer, Operand reader);
    Verdict judge_pair(const Pair& pair);
    void settle();

    /// Say a change, unless it is only judged.
    /// in   what, remedy: make the texts
    template <typename What>
    Verdict say(Verdict verdict, const DiffStep& at, What&& what, std::string_view remedy = {}) {
        if (!judging_) {
            add(verdict, at, what(), remedy);
        }
        return verdict;
    }
    void add(Verdict verdict, const DiffStep& at, std::string what, std::string_view remedy);
    /// The words for narrower and wider, which depend on the flow.
    std::string_view remedy_for_types() const noexcept;
    bool is_direct(const DiffStep& at) const noexcept;
    /// A step that stays until the root is done, as those before it do.
    const DiffStep* keep(const DiffStep& at);

    const Document& before_;
    const Document& after_;
    Flow flow_;
    ChangeList& changes_;

    const DiffRoot* root_ = nullptr;
    const DiffStep* here_ = nullptr;  // the models that are being compared
    std::size_t depth_ = 0;           // of them
    std::deque<DiffStep> kept_;
    std::deque<std::string> kept_texts_;
    std::deque<Waiting> waiting_;  // models of this root
    std::set<Pair> seen_;          // of this root
    bool is_cut_ = false;          // this root is nested too deep to be looked at altogether
    std::set<Pair> same_;          // of roots in which nothing has changed

    bool judging_ = false;
    std::size_t fits_tried_ = 0;
    std::size_t settled_ = 0;  // of `judged_`
    std::map<Pair, std::size_t> judged_at_;
    std::vector<Judged> judged_;
};

inline const Demands no_demands{};

}  // namespace warren::contract
