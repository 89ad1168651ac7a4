#include <warren/constraints.hpp>

#include "unit/contract/diffing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

// What a field's change is, both where servers take it and where they answer it.
namespace warren::test {
namespace {

using Kind = Type::Kind;
using contract::Verdict;

constexpr auto compatible = Verdict::compatible;
constexpr auto risky = Verdict::risky;
constexpr auto breaking = Verdict::breaking;

/// The verdict over all changes; nullopt: there are none.
std::optional<Verdict> worst_of(const contract::Diff& changes) {
    if (changes.changes.empty()) {
        return std::nullopt;
    }
    return std::ranges::max(changes.changes, {}, &contract::Change::verdict).verdict;
}

contract::Document with_field(const FieldDocument& tested, bool in_request) {
    contract::Document made =
        in_request ? document(model("Subject"), {}) : document({}, model("Subject"));
    put(made, {.id = "Subject", .fields = {tested}});
    put(made, {.id = "Point", .fields = {field("x", integer()), field("y", integer())}});
    put(made, {.id = "Named", .fields = {field("name", text())}});
    put(made, "Colour", {"red", "green"});
    put(made, "Grey", {"light", "dark"});
    return made;
}

struct FieldCase {
    const char* title;
    FieldDocument before;
    FieldDocument after;
    std::optional<Verdict> in_request;
    std::optional<Verdict> in_response;
};

FieldCase types(const char* title, DataType before, DataType after,
                std::optional<Verdict> in_request, std::optional<Verdict> in_response) {
    return {title, field("f", std::move(before)), field("f", std::move(after)), in_request,
            in_response};
}

FieldCase demands(const char* title, DataType type, Demands before, Demands after,
                  std::optional<Verdict> in_request, std::optional<Verdict> in_response) {
    return {title, field("f", type, std::move(before)), field("f", type, std::move(after)),
            in_request, in_response};
}

DataType null_or(DataType type) {
    return of(Kind::optional, {std::move(type)});
}
DataType list_of(DataType type) {
    return of(Kind::list, {std::move(type)});
}
DataType either(DataType first, DataType second) {
    return of(Kind::choice, {std::move(first), std::move(second)});
}

void hold(const std::vector<FieldCase>& cases) {
    for (const FieldCase& each : cases) {
        for (const bool in_request : {true, false}) {
            SCOPED_TRACE(std::string{each.title} + (in_request ? " taken" : " answered"));
            const auto changes = contract::diff(with_field(each.before, in_request),
                                                with_field(each.after, in_request));
            EXPECT_EQ(worst_of(changes), in_request ? each.in_request : each.in_response)
                << to_text(changes);
            for (const contract::Change& change : changes.changes) {
                const std::string place =
                    in_request ? "methods.m.request.f" : "methods.m.response.f";
                EXPECT_TRUE(change.path.starts_with(place)) << change.path;
                EXPECT_EQ(change.remedy.empty(), change.verdict == compatible) << change.what;
                EXPECT_TRUE(change.what.ends_with('.')) << change.what;
                EXPECT_EQ(change.direction, in_request ? contract::Direction::request
                                                       : contract::Direction::response);
            }
        }
    }
}

TEST(DiffTypes, Numbers) {
    hold({
        types("the same", integer(), integer(), {}, {}),
        types("wider", integer(32), integer(64), compatible, breaking),
        types("narrower", integer(64), integer(32), breaking, compatible),
        types("without a sign", integer(), natural(), breaking, breaking),
        types("with a sign, and wider", natural(8), integer(16), compatible, breaking),
        types("with a sign, as wide", natural(64), integer(64), breaking, breaking),
        types("an integer to a float", integer(), floating(), compatible, breaking),
        types("a long integer to a float", integer(64), floating(), risky, breaking),
        types("an integer to a short float", integer(), floating(32), risky, breaking),
        types("a short integer to a short float", integer(16), floating(32), compatible, breaking),
        types("a float to an integer", floating(), integer(), breaking, compatible),
        types("a float to a short one", floating(), floating(32), breaking, compatible),
        types("a number to text", integer(), text(), breaking, breaking),
        types("text to a number", text(), floating(), breaking, breaking),
        types("a truth to a number", plain(Kind::boolean), integer(), breaking, breaking),
        types("a number to a truth", integer(8), plain(Kind::boolean), breaking, breaking),
    });
}

TEST(DiffTypes, Bounds) {
    const DataType whole = integer();
    hold({
        demands("a bound is added", whole, {}, {.at_least = 1}, breaking, compatible),
        demands("a bound is removed", whole, {.at_most = 9}, {}, compatible, breaking),
        demands("a bound rises", whole, {.at_least = 1}, {.at_least = 2}, breaking, compatible),
        demands("a bound in other words", whole, {.greater_than = 0}, {.at_least = 1}, {}, {}),
        demands("a bound with a fraction", whole, {.greater_than = 0.5}, {.at_least = 1}, {}, {}),
        demands("a bound that the type has", natural(), {}, {.at_least = 0}, {}, {}),
        demands("both move up", whole, {.at_least = 0, .at_most = 5}, {.at_least = 3, .at_most = 9},
                breaking, breaking),
        demands("less or equal", floating(), {.less_than = 1}, {.at_most = 1}, compatible,
                breaking),
        demands("a bound at the end of numbers", integer(64),
                {.greater_than = std::numeric_limits<std::int64_t>::max()},
                {.at_least = std::uint64_t{1} << 63}, {}, {}),
        {"a type as narrow as its bounds", field("f", integer(), {.at_least = 0, .at_most = 200}),
         field("f", natural(8), {.at_most = 200}), compatible, compatible},
        {"bounds of an optional number", field("f", null_or(whole), {.at_most = 5}),
         field("f", null_or(whole), {.at_most = 6}), compatible, breaking},
        {"a short float's bound has decimals that it has not",
         field("f", floating(32), {.greater_than = 0.1}),
         field("f", floating(64), {.greater_than = 0.1}), risky, breaking},
    });
}

TEST(DiffTypes, TextsAndLengths) {
    hold({
        demands("a pattern is added", text(), {}, {.pattern = "^a"}, breaking, compatible),
        demands("a pattern is removed", text(), {.pattern = "^a"}, {}, compatible, breaking),
        demands("a pattern changes", text(), {.pattern = "^a"}, {.pattern = "^b"}, risky, risky),
        demands("longer", text(), {.max_length = 5}, {.max_length = 6}, compatible, breaking),
        demands("not empty", text(), {}, {.min_length = 1}, breaking, compatible),
        demands("zero is no demand", text(), {}, {.min_length = 0}, {}, {}),
        demands("fewer bytes", plain(Kind::bytes), {.max_length = 6}, {.max_length = 5}, breaking,
                compatible),
        demands("fewer items", list_of(text()), {.max_length = 6}, {.max_length = 5}, breaking,
                compatible),
        demands("more members", of(Kind::map, {text()}), {}, {.min_length = 2}, breaking,
                compatible),
        demands("a check is added", text(), {}, {.checks = {"Be nice."}}, risky, compatible),
        demands("a check is removed", text(), {.checks = {"Be nice."}}, {}, compatible, risky),
        demands("a check says something else", text(), {.checks = {"Be nice."}},
                {.checks = {"Be kind."}}, risky, risky),
        types("a UUID to text", plain(Kind::uuid), text(), compatible, breaking),
        types("text to a UUID", text(), plain(Kind::uuid), breaking, compatible),
        types("a time to text", plain(Kind::timestamp), text(), compatible, breaking),
        types("names to text", enumeration("Colour"), text(), compatible, breaking),
        types("text to names", text(), enumeration("Colour"), breaking, compatible),
        types("other names", enumeration("Colour"), enumeration("Grey"), breaking, breaking),
        {"names to text that is shorter", field("f", enumeration("Colour")),
         field("f", text(), {.max_length = 3}), breaking, breaking},
        {"a path to text", field("f", plain(Kind::absolute_path)), field("f", text()), compatible,
         breaking},
        types("a path to another", plain(Kind::absolute_path), plain(Kind::relative_path), breaking,
              breaking),
        types("text to bytes", text(), plain(Kind::bytes), breaking, breaking),
        types("seconds to milliseconds", duration({1, 1}), duration({1, 1000}), compatible,
              breaking),
        types("milliseconds to seconds", duration({1, 1000}), duration({1, 1}), breaking,
              compatible),
        types("seconds to nanoseconds", duration({1, 1}), duration({1, 1'000'000'000}), risky,
              breaking),
        demands("shorter durations", duration({1, 1}), {.at_most = 60}, {.at_most = 30}, breaking,
                compatible),
        types("seconds as a number to a duration", integer(), duration({1, 1}), risky, breaking),
        types("seconds as a number to a time", integer(), plain(Kind::timestamp), risky, breaking),
        types("more seconds than there are years", integer(64), plain(Kind::timestamp), breaking,
              breaking),
    });
}

TEST(DiffTypes, WhatHoldsOthers) {
    hold({
        types("null is taken", integer(), null_or(integer()), compatible, breaking),
        types("null is refused", null_or(integer()), integer(), breaking, compatible),
        types("null, and wider", integer(), null_or(integer(64)), compatible, breaking),
        types("anything", integer(), plain(Kind::dynamic), compatible, breaking),
        types("no more anything", plain(Kind::dynamic), text(), breaking, compatible),
        types("anything is null, too", null_or(text()), plain(Kind::dynamic), compatible, breaking),
        types("wider items", list_of(integer()), list_of(integer(64)), compatible, breaking),
        types("wider values", of(Kind::map, {integer()}), of(Kind::map, {integer(64)}), compatible,
              breaking),
        types("a list to a set", list_of(text()), of(Kind::set, {text()}), breaking, compatible),
        types("a set to a list", of(Kind::set, {text()}), list_of(text()), compatible, breaking),
        types("an array to a list", array(3, text()), list_of(text()), compatible, breaking),
        types("an array to a set", array(3, text()), of(Kind::set, {text()}), breaking, breaking),
        types("an array's length", array(3, text()), array(4, text()), breaking, breaking),
        {"a list to an array of its length",
         field("f", list_of(text()), {.min_length = 2, .max_length = 2}),
         field("f", array(2, text())), compatible, compatible},
        types("a list to a map", list_of(text()), of(Kind::map, {text()}), breaking, breaking),
        types("one to a list", text(), list_of(text()), breaking, breaking),
        types("an object to a map", model("Point"), of(Kind::map, {integer()}), compatible,
              breaking),
        types("an object to a map of others", model("Point"), of(Kind::map, {text()}), breaking,
              breaking),
        types("a secret", text(), of(Kind::secret, {text()}), breaking, breaking),
        types("no secret", of(Kind::secret, {text()}), text(), risky, risky),
        types("a wider secret", of(Kind::secret, {integer()}), of(Kind::secret, {integer(64)}),
              compatible, breaking),
        types("a secret deep inside", list_of(of(Kind::secret, {text()})), list_of(text()),
              breaking, risky),
    });
}

TEST(DiffTypes, Choices) {
    hold({
        types("one more", either(integer(), text()),
              of(Kind::choice, {integer(), text(), plain(Kind::boolean)}), compatible, breaking),
        types("one less", of(Kind::choice, {integer(), text(), plain(Kind::boolean)}),
              either(integer(), text()), breaking, compatible),
        types("one becomes several", text(), either(integer(), text()), compatible, breaking),
        types("several become one that takes all", either(plain(Kind::uuid), text()), text(),
              compatible, compatible),
        types("another order of what looks different", either(integer(), text()),
              either(text(), integer()), {}, {}),
        types("another order of what looks alike", either(plain(Kind::uuid), text()),
              either(text(), plain(Kind::uuid)), risky, risky),
        types("a wider one", either(integer(), text()), either(integer(64), text()), compatible,
              breaking),
        types("another model", either(model("Point"), text()), either(model("Named"), text()),
              breaking, breaking),
        types("one before what looks alike", either(model("Point"), text()),
              of(Kind::choice, {model("Named"), model("Point"), text()}), risky, breaking),
        types("null, too", either(integer(), text()), null_or(either(integer(), text())),
              compatible, breaking),
        types("null as an alternative", null_or(text()), either(text(), plain(Kind::nothing)),
              compatible, compatible),
    });
}

TEST(DiffTypes, LeavingOut) {
    hold({
        {"it may be left out",
         field("f", integer()),
         optional_field("f", integer(), 1),
         compatible,
         {}},
        {"it may not be left out",
         optional_field("f", integer(), 1),
         field("f", integer()),
         breaking,
         {}},
        {"another default",
         optional_field("f", integer(), 1),
         optional_field("f", integer(), 2),
         risky,
         {}},
        {"a default instead of null",
         optional_field("f", null_or(integer())),
         optional_field("f", null_or(integer()), 2),
         risky,
         {}},
        {"a default that is not told",
         optional_field("f", integer(), 1),
         optional_field("f", integer()),
         {},
         {}},
    });
}

}  // namespace
}  // namespace warren::test
