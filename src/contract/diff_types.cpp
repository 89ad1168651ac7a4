#include "contract/diff_types.hpp"

#include "core/limits.hpp"

#include <algorithm>

namespace warren::contract {
namespace {

// As deep as values may be nested: what is deeper binds nowhere.
constexpr std::size_t models_depth_max = core::Limits{}.nesting_depth_max;

const DataType& content_of(const DataType& type) noexcept {
    static const DataType none;
    return type.elements.empty() ? none : type.elements.front();
}

}  // namespace

void ChangeList::add(Change change) {
    switch (change.verdict) {
    case Verdict::breaking:
        ++changes_.breaking;
        break;
    case Verdict::risky:
        ++changes_.risky;
        break;
    case Verdict::compatible:
        ++changes_.compatible;
        break;
    }
    if (changes_.changes.size() < changes_max) {
        changes_.changes.push_back(std::move(change));
    } else {
        ++changes_.not_listed;
    }
}

Diff ChangeList::take() {
    std::ranges::sort(changes_.changes, [](const Change& left, const Change& right) {
        if (const auto order = left.method <=> right.method; order != 0) {
            return order < 0;
        }
        if (const auto order = left.path <=> right.path; order != 0) {
            return order < 0;
        }
        if (left.verdict != right.verdict) {
            return left.verdict > right.verdict;
        }
        return std::tie(left.direction, left.what) < std::tie(right.direction, right.what);
    });
    return std::move(changes_);
}

void TypeDiff::compare(const DataType& before, const DataType& after, const DiffRoot& root) {
    const std::size_t changes_before = changes_.count();
    root_ = &root;
    depth_ = 0;
    seen_.clear();
    kept_.clear();
    kept_texts_.clear();
    is_cut_ = false;
    const DiffStep start{.kind = DiffStep::Kind::start, .text = root.path};
    here_ = &start;
    const DataType& writer = to_server() ? before : after;
    const DataType& reader = to_server() ? after : before;
    compare_operands({writer, no_demands}, {reader, no_demands}, start);
    if (root.direction == Direction::request) {
        compare_arguments(before, after, start);
    }
    while (!waiting_.empty()) {
        const Waiting next = waiting_.front();
        waiting_.pop_front();
        depth_ = next.depth;
        here_ = next.at;
        compare_fields(*next.pair.first, *next.pair.second, *next.at);
    }
    if (changes_.count() == changes_before && !is_cut_) {
        same_.insert(seen_.begin(), seen_.end());
    }
    root_ = nullptr;
    here_ = nullptr;
}

void TypeDiff::add(Verdict verdict, const DiffStep& at, std::string what, std::string_view remedy) {
    changes_.add({.verdict = verdict,
                  .direction = root_->direction,
                  .method = std::string{root_->method},
                  .path = to_path(at),
                  .what = std::move(what),
                  .remedy = verdict == Verdict::compatible ? std::string{} : std::string{remedy}});
}

const DiffStep* TypeDiff::keep(const DiffStep& at) {
    std::vector<const DiffStep*> steps;
    for (const DiffStep* each = &at; each != here_; each = each->before) {
        steps.push_back(each);
    }
    const DiffStep* last = here_;
    for (auto each = steps.rbegin(); each != steps.rend(); ++each) {
        DiffStep kept = **each;
        kept.before = last;
        if (kept.kind == DiffStep::Kind::alternative) {  // a text of the comparison's own
            kept.text = kept_texts_.emplace_back(kept.text);
        }
        last = &kept_.emplace_back(kept);
    }
    return last;
}

std::string_view TypeDiff::remedy_for_types() const noexcept {
    return to_server() ? "Go on taking what was taken, or take the new form in another method and "
                         "deprecate this one."
                       : "Go on answering no more than what was answered, or answer the new form "
                         "in another method and deprecate this one.";
}

bool TypeDiff::is_direct(const DiffStep& at) const noexcept {
    return depth_ == 0 && at.before != nullptr && at.before->before == nullptr;
}

Verdict TypeDiff::compare_operands(Operand writer, Operand reader, const DiffStep& at) {
    if (judging_) {
        return fits(writer, reader);
    }
    const Type::Kind written = writer.type.kind;
    const Type::Kind read = reader.type.kind;
    if (written == read) {
        return compare_alike(writer, reader, at);
    }
    const auto either = [&](Type::Kind kind) { return written == kind || read == kind; };
    if (written == Type::Kind::integer && read == Type::Kind::floating) {
        return compare_numbers(writer, reader, at);
    }
    if (either(Type::Kind::choice) || either(Type::Kind::dynamic) || either(Type::Kind::nothing)) {
        return compare_changed(writer, reader, at);
    }
    if (either(Type::Kind::optional)) {
        return compare_optional(writer, reader, at);
    }
    if (either(Type::Kind::secret)) {
        return compare_secret(writer, reader, at);
    }
    return compare_changed(writer, reader, at);
}

Verdict TypeDiff::compare_alike(Operand writer, Operand reader, const DiffStep& at) {
    switch (writer.type.kind) {
    case Type::Kind::nothing:
    case Type::Kind::boolean:
    case Type::Kind::uuid:
    case Type::Kind::timestamp:
        return Verdict::compatible;
    case Type::Kind::integer:
    case Type::Kind::floating:
        return compare_numbers(writer, reader, at);
    case Type::Kind::duration:
        return compare_durations(writer, reader, at);
    case Type::Kind::text:
    case Type::Kind::absolute_path:
    case Type::Kind::relative_path:
        return std::max(compare_lengths(writer, reader, "characters", at),
                        compare_patterns(writer, reader, at));
    case Type::Kind::bytes:
        return compare_lengths(writer, reader, "bytes", at);
    case Type::Kind::enumeration:
        return compare_enumerations(writer.type, reader.type, at);
    case Type::Kind::optional:
    case Type::Kind::secret:
        return compare_operands({content_of(writer.type), writer.demands},
                                {content_of(reader.type), reader.demands}, at);
    case Type::Kind::list:
    case Type::Kind::set:
    case Type::Kind::array:
        return std::max(compare_lengths(writer, reader, "items", at),
                        compare_element(writer, reader, DiffStep::Kind::item, at));
    case Type::Kind::map:
        return std::max(compare_lengths(writer, reader, "members", at),
                        compare_element(writer, reader, DiffStep::Kind::value, at));
    case Type::Kind::choice:
        return judging_ ? fits_choice(writer, reader) : compare_choices(writer, reader, at);
    case Type::Kind::model:
        return compare_models(writer.type, reader.type, at);
    case Type::Kind::dynamic:
        return std::max({compare_numbers(writer, reader, at),
                         compare_lengths(writer, reader, "characters, items or members", at),
                         compare_patterns(writer, reader, at)});
    }
    return Verdict::compatible;
}

Verdict TypeDiff::compare_element(Operand writer, Operand reader, DiffStep::Kind kind,
                                  const DiffStep& at) {
    return compare_operands({content_of(writer.type), no_demands},
                            {content_of(reader.type), no_demands}, {&at, kind});
}

Verdict TypeDiff::compare_optional(Operand writer, Operand reader, const DiffStep& at) {
    const bool may_be_null = writer.type.kind == Type::Kind::optional;
    if (!may_be_null) {
        const Verdict null = say(Verdict::compatible, at, [this] {
            return to_server() ? "It may be null now." : "It is never null any more.";
        });
        return std::max(null,
                        compare_operands(writer, {content_of(reader.type), reader.demands}, at));
    }
    const Verdict null = say(
        takes_null(reader.type) ? Verdict::compatible : Verdict::breaking, at,
        [this] { return to_server() ? "It may not be null any more." : "It may be null now."; },
        remedy_for_types());
    return std::max(null, compare_operands({content_of(writer.type), writer.demands}, reader, at));
}

Verdict TypeDiff::compare_secret(Operand writer, Operand reader, const DiffStep& at) {
    const bool was_secret = writer.type.kind == Type::Kind::secret;
    Verdict verdict = Verdict::breaking;
    std::string_view what;
    std::string_view remedy;
    if (!to_server()) {
        verdict = was_secret ? Verdict::breaking : Verdict::risky;
        what = was_secret ? "It is a secret now: servers with a key encrypt it, and old clients do "
                            "not decrypt it."
                          : "It is no secret any more: servers send it in plaintext.";
        remedy = was_secret ? "Answer the secret in a new field." : "Keep it a secret.";
    } else if (was_secret) {
        verdict = is_direct(at) ? Verdict::risky : Verdict::breaking;
        what =
            "It is no secret any more: old callers with a key send tokens, which a server opens "
            "only directly in the request.";
        remedy = "Keep it a secret.";
    } else {
        what = "It is a secret now: servers with a key refuse plaintext, which old callers send.";
        remedy = "Let the server accept plaintext secrets while callers migrate.";
    }
    say(verdict, at, [&] { return std::string{what}; }, remedy);
    const Operand written = was_secret ? Operand{content_of(writer.type), writer.demands} : writer;
    const Operand read = was_secret ? reader : Operand{content_of(reader.type), reader.demands};
    return std::max(verdict, compare_operands(written, read, at));
}

Verdict TypeDiff::compare_changed(Operand writer, Operand reader, const DiffStep& at) {
    return say(
        settled_fit(writer, reader), at,
        [&] {
            const DataType& before = to_server() ? writer.type : reader.type;
            const DataType& after = to_server() ? reader.type : writer.type;
            return "The type changed from " + words_of(before_, before) + " to " +
                   words_of(after_, after) + ".";
        },
        remedy_for_types());
}

Verdict TypeDiff::compare_models(const DataType& writer, const DataType& reader,
                                 const DiffStep& at) {
    const Pair pair{writer_document().find_model(writer.reference),
                    reader_document().find_model(reader.reference)};
    if (pair.first == nullptr || pair.second == nullptr) {
        return say(
            Verdict::breaking, at, [] { return std::string{"A model is not in its document."}; },
            "Make the document again.");
    }
    const std::size_t depth = at.before == nullptr ? 0 : depth_ + 1;
    if (depth > models_depth_max) {
        is_cut_ = true;
    } else if (!same_.contains(pair) && seen_.insert(pair).second) {
        waiting_.push_back({pair, keep(at), depth});
    }
    return Verdict::compatible;  // what is found in it is said when its turn comes
}

}  // namespace warren::contract
