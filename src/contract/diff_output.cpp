#include "contract/diff.hpp"
#include "core/assert.hpp"
#include "format/json/json.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string_view>

namespace warren::contract {
namespace {

std::string_view word_of(Verdict verdict) noexcept {
    switch (verdict) {
    case Verdict::compatible:
        return "compatible";
    case Verdict::risky:
        return "risky";
    case Verdict::breaking:
        return "breaking";
    }
    return {};
}

std::string_view word_of(Direction direction) noexcept {
    switch (direction) {
    case Direction::method:
        return "method";
    case Direction::request:
        return "request";
    case Direction::response:
        return "response";
    case Direction::part:
        return "part";
    case Direction::failure:
        return "failure";
    }
    return {};
}

std::string summary_of(const Diff& changes) {
    if (changes.breaking + changes.risky + changes.compatible == 0) {
        return "nothing that callers can notice has changed\n";
    }
    return fmt::format("{} breaking, {} risky, {} compatible\n", changes.breaking, changes.risky,
                       changes.compatible);
}

Value data_of(const Change& change, Arena& arena) {
    const std::array<Member, 6> members{
        Member{Value::text("verdict"), Value::text(word_of(change.verdict))},
        Member{Value::text("direction"), Value::text(word_of(change.direction))},
        Member{Value::text("method"), Value::text(change.method)},
        Member{Value::text("path"), Value::text(change.path)},
        Member{Value::text("what"), Value::text(change.what)},
        Member{Value::text("remedy"), Value::text(change.remedy)}};
    const std::size_t count = members.size() - (change.remedy.empty() ? 1 : 0);
    return Value::map(arena.copy(std::span{members}.first(count)));
}

}  // namespace

std::string to_text(const Diff& changes) {
    std::string text;
    for (const Change& change : changes.changes) {
        text += fmt::format("{}: {}: {}\n", word_of(change.verdict), change.path, change.what);
        if (!change.remedy.empty()) {
            text += "    " + change.remedy + "\n";
        }
    }
    if (changes.not_listed != 0) {
        text += fmt::format("{} more changes are not listed\n", changes.not_listed);
    }
    return text + summary_of(changes);
}

std::string to_json(const Diff& changes) {
    Arena arena;
    std::vector<Value> items;
    items.reserve(changes.changes.size());
    for (const Change& change : changes.changes) {
        items.push_back(data_of(change, arena));
    }
    std::vector<Member> members{
        {Value::text("breaking"), Value::unsigned_integer(changes.breaking)},
        {Value::text("risky"), Value::unsigned_integer(changes.risky)},
        {Value::text("compatible"), Value::unsigned_integer(changes.compatible)}};
    if (changes.not_listed != 0) {
        members.push_back({Value::text("not_listed"), Value::unsigned_integer(changes.not_listed)});
    }
    members.push_back({Value::text("changes"), Value::list(items)});
    std::string json;
    const auto written = format::json_encode_pretty(Value::map(members), json);
    WARREN_ASSERT(written.has_value());  // all its text was made for display
    return json + "\n";
}

}  // namespace warren::contract
