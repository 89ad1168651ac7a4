#include "contract/diff.hpp"

#include <warren/server.hpp>

#include "contract/registered.hpp"
#include "unit/contract/diffing.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

// What becomes of methods, of models in them, and of what is said.
namespace warren::test {
namespace {

using contract::Document;
using contract::ModelDocument;
using Short = std::vector<std::string>;

Document of_requests(ModelDocument request) {
    Document made = document(model("Request"));
    request.id = "Request";
    put(made, std::move(request));
    return made;
}

Document of_responses(ModelDocument response) {
    Document made = document({}, model("Response"));
    response.id = "Response";
    put(made, std::move(response));
    return made;
}

Short changes_of(const Document& before, const Document& after) {
    return in_short(contract::diff(before, after));
}

TEST(Diff, FieldsOfRequests) {
    const FieldDocument a = field("a", integer());
    const FieldDocument b = field("b", integer());
    const FieldDocument c = optional_field("c", integer(), 1);
    const Document old_one = of_requests({.fields = {a, b}});
    EXPECT_EQ(changes_of(old_one, old_one), Short{});
    EXPECT_EQ(changes_of(old_one, of_requests({.fields = {a, b, field("c", integer())}})),
              Short{"B .request.c"});
    EXPECT_EQ(changes_of(old_one, of_requests({.fields = {a, b, c}})), Short{"C .request.c"});
    EXPECT_EQ(changes_of(old_one, of_requests({.fields = {a}})), Short{"R .request.b"});
    EXPECT_EQ(changes_of(old_one, of_requests({.fields = {a}, .forbids_extra = true})),
              (Short{"R .request", "B .request.b"}));
    EXPECT_EQ(changes_of(of_requests({.fields = {a}, .forbids_extra = true}),
                         of_requests({.fields = {a}})),
              Short{"C .request"});
    EXPECT_EQ(changes_of(old_one, of_requests({.fields = {b, a}})), Short{"R .request"});
    EXPECT_EQ(changes_of(old_one, of_requests({.fields = {a, b}, .checks = {"a < b"}})),
              Short{"R .request"});
    EXPECT_EQ(changes_of(of_requests({.fields = {a, b}, .checks = {"a < b"}}), old_one),
              Short{"C .request"});
    const auto added = contract::diff(of_requests({.fields = {a}, .forbids_extra = true}),
                                      of_requests({.fields = {a, c}, .forbids_extra = true}));
    ASSERT_EQ(in_short(added), Short{"C .request.c"});
    EXPECT_NE(added.changes[0].what.find("update them before callers"), std::string::npos);
}

TEST(Diff, FieldsOfResponses) {
    const FieldDocument a = field("a", integer());
    const FieldDocument b = field("b", integer());
    const Document old_one = of_responses({.fields = {a, b}});
    EXPECT_EQ(changes_of(old_one, of_responses({.fields = {a}})), Short{"B .response.b"});
    EXPECT_EQ(changes_of(of_responses({.fields = {a}}), old_one), Short{"C .response.b"});
    EXPECT_EQ(changes_of(of_responses({.fields = {a}, .forbids_extra = true}), old_one),
              Short{"B .response.b"});
    // Servers write all fields in any order, and what is extra is for others to forbid.
    EXPECT_EQ(changes_of(old_one, of_responses({.fields = {b, a}})), Short{});
    EXPECT_EQ(changes_of(old_one, of_responses({.fields = {a, b}, .forbids_extra = true})),
              Short{});
    EXPECT_EQ(changes_of(old_one, of_responses({.fields = {a, optional_field("b", integer(), 1)}})),
              Short{});
    EXPECT_EQ(changes_of(of_responses({.fields = {a, b}, .checks = {"a < b"}}), old_one),
              Short{"R .response"});
}

TEST(Diff, WhatOnlyPeopleReadIsNoChange) {
    Document before = of_requests({.name = "Old", .fields = {field("a", integer())}});
    Document after =
        of_requests({.name = "New", .description = "Words.", .fields = {field("a", integer())}});
    after.models[0].id = "Renamed";
    after.methods[0].request.reference = "Renamed";
    after.models[0].fields[0].description = "More words.";
    after.models[0].fields[0].examples = {Dynamic{1}};
    after.methods[0].description = "Does it.";
    after.methods[0].since = "2";
    after.methods[0].tags = {"tag"};
    after.methods[0].module = "other";
    after.methods[0].examples.push_back({.name = "One", .request = Dynamic::map({{"a", 1}})});
    after.warren_version = "99";
    EXPECT_EQ(changes_of(before, after), Short{});
    EXPECT_EQ(to_text(contract::diff(before, after)),
              "nothing that callers can notice has changed\n");
}

TEST(Diff, ParametersByPosition) {
    const auto parameters = [](std::vector<FieldDocument> fields) {
        return of_requests({.fields = std::move(fields), .is_parameters = true});
    };
    const FieldDocument a = field("a", integer());
    const FieldDocument b = field("b", integer());
    const FieldDocument c = optional_field("c", integer(), 1);
    EXPECT_EQ(changes_of(parameters({a, b}), parameters({b, a})), Short{"B .request"});
    EXPECT_EQ(changes_of(parameters({a, b}), parameters({a, b, c})), Short{"C .request.c"});
    EXPECT_EQ(changes_of(parameters({a, b}), parameters({a, c, b})),
              (Short{"B .request", "C .request.c"}));
    EXPECT_EQ(changes_of(parameters({a, b}), parameters({a})), Short{"B .request.b"});
    // One list alone was the argument, and would be all of them.
    const FieldDocument list = field("list", of(Type::Kind::list, {integer()}));
    EXPECT_EQ(changes_of(parameters({list}), parameters({list, c})),
              (Short{"R .request", "C .request.c"}));
    EXPECT_EQ(changes_of(parameters({a}), parameters({a, c})), Short{"C .request.c"});
}

TEST(Diff, NestedModelsAreNamedByTheirPlace) {
    const auto with = [](DataType type) {
        Document made =
            of_requests({.fields = {field("points", of(Type::Kind::list, {model("P")})),
                                    field("by name", of(Type::Kind::map, {model("P")})),
                                    field("one", of(Type::Kind::choice, {model("P"), text()}))}});
        put(made, {.id = "P", .fields = {field("x", std::move(type))}});
        return made;
    };
    EXPECT_EQ(changes_of(with(integer(64)), with(integer(32))), Short{"B .request.points[].x"});
    Document only_values = with(integer(64));
    only_values.models.back().fields.erase(only_values.models.back().fields.begin());
    Document after = with(integer(32));
    after.models.back().fields.erase(after.models.back().fields.begin());
    EXPECT_EQ(changes_of(only_values, after), Short{"B .request[\"by name\"]{}.x"});
    only_values.models.back().fields.erase(only_values.models.back().fields.begin());
    after.models.back().fields.erase(after.models.back().fields.begin());
    EXPECT_EQ(changes_of(only_values, after), Short{"B .request.one(P).x"});
}

TEST(Diff, RecursiveModelsEnd) {
    const auto tree = [](DataType leaf) {
        Document made = document(model("Tree"), model("Tree"));
        put(made, {.id = "Tree",
                   .fields = {field("leaf", std::move(leaf)),
                              field("branches", of(Type::Kind::list, {model("Other")}))}});
        put(made, {.id = "Other",
                   .fields = {field("tree", of(Type::Kind::choice, {text(), model("Tree")})),
                              field("other", of(Type::Kind::optional, {model("Other")}))}});
        return made;
    };
    EXPECT_EQ(changes_of(tree(integer()), tree(integer())), Short{});
    EXPECT_EQ(changes_of(tree(integer(32)), tree(integer(64))),
              (Short{"C .request.leaf", "B .response.leaf"}));
}

TEST(Diff, AnAlternativeMayNestItselfAndFitAllTheSame) {
    // Whether Before fits After depends on whether it does.
    const auto chain = [](const std::string& id, DataType number) {
        Document made = document(of(Type::Kind::choice, {text(), model(id)}));
        put(made,
            {.id = id,
             .fields = {field("number", std::move(number)),
                        optional_field("next", of(Type::Kind::choice,
                                                  {model(id), plain(Type::Kind::nothing)}))}});
        return made;
    };
    EXPECT_EQ(changes_of(chain("Before", integer(32)), chain("After", integer(64))),
              Short{"C .request(Before).number"});
    EXPECT_EQ(changes_of(chain("Before", integer(64)), chain("After", integer(32))),
              (Short{"C .request(After)", "B .request(Before)"}));
}

TEST(Diff, Methods) {
    Document before = document(text(), text());
    before.methods.push_back({.name = "n", .request = text()});
    Document after = document(text(), text());
    EXPECT_EQ(changes_of(before, after), Short{"B methods.n"});
    EXPECT_EQ(changes_of(after, before), Short{"C methods.n"});

    const auto with = [](auto change) {
        Document made = document(text(), text());
        change(made.methods.front());
        return made;
    };
    const Document bare = document(text(), text());
    const Document parts = with([](auto& method) { method.part = integer(); });
    EXPECT_EQ(changes_of(bare, parts), Short{"C .part"});
    EXPECT_EQ(changes_of(parts, bare), Short{"B .part"});
    EXPECT_EQ(changes_of(parts, with([](auto& method) { method.part = integer(64); })),
              Short{"B .part"});
    const Document idempotent = with([](auto& method) { method.is_idempotent = true; });
    EXPECT_EQ(changes_of(bare, idempotent), Short{"C .idempotent"});
    EXPECT_EQ(changes_of(idempotent, bare), Short{"R .idempotent"});
    const Document locked = with([](auto& method) { method.lock_field = "a"; });
    EXPECT_EQ(changes_of(bare, locked), Short{"C .lock"});
    EXPECT_EQ(changes_of(locked, bare), Short{"R .lock"});
    EXPECT_EQ(changes_of(locked, with([](auto& method) { method.lock_field = "b"; })),
              Short{"R .lock"});
    const Document shared = with([](auto& method) {
        method.lock_field = "a";
        method.lock_name = "server";
    });
    EXPECT_EQ(changes_of(bare, shared), Short{"C .lock"});
    EXPECT_EQ(changes_of(locked, shared), Short{"C .lock"});
    EXPECT_EQ(changes_of(shared, locked), Short{"R .lock"});
    EXPECT_EQ(contract::diff(locked, shared).changes[0].what,
              "Calls waited for others with an equal 'a', and wait for others with an equal 'a' of "
              "the lock 'server' now.");
    const Document alone = with([](auto& method) { method.runs_alone = true; });
    EXPECT_EQ(changes_of(bare, alone), Short{"R .runs_alone"});
    const Document on_io = with([](auto& method) { method.runs_on_io_thread = true; });
    EXPECT_EQ(changes_of(bare, on_io), Short{"C .execution"});
    const Document deprecated = with([](auto& method) { method.deprecated = "Use n."; });
    EXPECT_EQ(changes_of(bare, deprecated), Short{"C .deprecated"});
}

TEST(Diff, RequestsAndResponsesOfNothing) {
    EXPECT_EQ(changes_of(document({}, {}), document({}, text())), Short{"B .response"});
    EXPECT_EQ(changes_of(document({}, text()), document({}, {})), Short{"B .response"});
    EXPECT_EQ(changes_of(document({}), of_requests({.fields = {field("a", integer())}})),
              Short{"B .request"});
    EXPECT_EQ(changes_of(document({}), of_requests({.fields = {optional_field("a", integer())}})),
              Short{"R .request"});
    EXPECT_EQ(changes_of(of_requests({}), document({})), Short{"C .request"});
    EXPECT_EQ(changes_of(of_requests({.fields = {field("a", integer())}}), document({})),
              Short{"B .request"});
}

TEST(Diff, Failures) {
    const auto failing = [](std::vector<contract::FailureDocument> failures) {
        Document made = document(text(), text());
        made.methods.front().failures = std::move(failures);
        put(made, {.id = "Quota", .fields = {field("left", integer())}});
        put(made, {.id = "Place", .fields = {field("name", text())}});
        return made;
    };
    const contract::FailureDocument quota{Code::failed, "No quota.", model("Quota")};
    const contract::FailureDocument place{Code::failed, "No place.", model("Place")};
    const contract::FailureDocument bare{Code::conflict, "It is there.", {}};
    EXPECT_EQ(changes_of(failing({}), failing({bare})), Short{"R .failures.conflict"});
    EXPECT_EQ(changes_of(failing({bare}), failing({})), Short{"C .failures.conflict"});
    EXPECT_EQ(changes_of(failing({quota, place}), failing({place, quota})), Short{});
    EXPECT_EQ(changes_of(failing({quota}), failing({place})),
              (Short{"B .failures.failed.left", "C .failures.failed.name"}));
    EXPECT_EQ(changes_of(failing({{Code::failed, "No.", {}}}), failing({quota})),
              Short{"C .failures.failed"});
    EXPECT_EQ(changes_of(failing({quota}), failing({{Code::failed, "No.", {}}})),
              Short{"B .failures.failed"});
}

TEST(Diff, Listeners) {
    const auto listening = [](std::vector<contract::ListenerDocument> listeners) {
        Document made = document(text());
        made.listeners = std::move(listeners);
        return made;
    };
    const contract::ListenerDocument one{
        .address = "tcp://host:1", .protocol = "msgpack-rpc", .methods = {"m"}};
    contract::ListenerDocument other = one;
    other.address = "tcp://host:2";
    const std::string first = "listeners['tcp://host:1']";
    const std::string second = "listeners['tcp://host:2']";
    EXPECT_EQ(changes_of(listening({one}), listening({})), Short{});  // it is not told
    EXPECT_EQ(changes_of(listening({one}), listening({other})),
              (Short{"R " + first, "C " + second}));
    contract::ListenerDocument emptied = one;
    emptied.methods.clear();
    EXPECT_EQ(changes_of(listening({one}), listening({emptied})), Short{"B " + first});
    contract::ListenerDocument single = one;
    single.has_one_method = true;
    EXPECT_EQ(changes_of(listening({single}), listening({one})), Short{"B " + first});
    contract::ListenerDocument mock = one;
    mock.is_mock = true;
    EXPECT_EQ(changes_of(listening({one}), listening({mock})), Short{"R " + first});
}

TEST(Diff, SaysWhatAFieldIsThatIsLeftOut) {
    const auto changed = [](bool is_secret) {
        FieldDocument was = field("b", integer());
        was.required = false;
        was.is_secret = is_secret;
        was.default_value = 2;
        FieldDocument is = was;
        is.default_value = Dynamic::list({"\x1B[31m", std::string(500, 'x')});
        return to_text(
            contract::diff(of_requests({.fields = {was}}), of_requests({.fields = {is}})));
    };
    const std::string told = changed(false);
    EXPECT_TRUE(
        told.starts_with("risky: methods.m.request.b: Where it is left out, it was 2, and "
                         "is [\"\\\\u001b[31m\",\"xxx"))
        << told;
    EXPECT_TRUE(
        told.contains("xxx... now.\n    Keep the default, or tell those callers "
                      "who leave the field out of the new one.\n"))
        << told;
    EXPECT_LT(told.size(), 350U);
    EXPECT_TRUE(changed(true).contains("b: Where it is left out, it is something else now.\n"));
}

TEST(Diff, TextAndJson) {
    const Document before =
        of_requests({.fields = {field("b", integer(), {.at_least = 0}), field("a", integer())}});
    const Document after =
        of_requests({.fields = {field("b", integer(), {.at_least = 5}), field("a", integer(64))}});
    const contract::Diff changes = contract::diff(before, after);
    EXPECT_EQ(to_text(changes),
              "compatible: methods.m.request.a: The type changed from integer (32 bits) to integer "
              "(64 bits). Its values were from -2147483648 to 2147483647, and are from "
              "-9223372036854775808 to 9223372036854775807 now.\n"
              "breaking: methods.m.request.b: Its values were from 0 to 2147483647, and are from 5 "
              "to 2147483647 now.\n"
              "    Go on taking what was taken, or take the new form in another method and "
              "deprecate this one.\n"
              "1 breaking, 0 risky, 1 compatible\n");
    const Dynamic json = Dynamic::from_json(to_json(changes));
    EXPECT_EQ(json["breaking"].as_int64(), 1);
    EXPECT_EQ(json["changes"].as_list().size(), 2);
    EXPECT_EQ(json["changes"].as_list()[1].find("verdict")->as_text(), "breaking");
    EXPECT_EQ(json["changes"].as_list()[1].find("direction")->as_text(), "request");
    EXPECT_EQ(json["changes"].as_list()[1].find("method")->as_text(), "m");
    EXPECT_EQ(json["changes"].as_list()[0].find("remedy"), nullptr);
    EXPECT_EQ(to_json(changes), to_json(contract::diff(before, after)));
    EXPECT_EQ(
        to_json(contract::diff(after, after)),
        "{\n  \"breaking\": 0,\n  \"risky\": 0,\n  \"compatible\": 0,\n  \"changes\": []\n}\n");
}

TEST(Diff, HostileNamesStayOnTheirLine) {
    const std::string name = "a\"]\n\x1b[31m\xe2\x80\xae</script>.b";
    Document before = of_requests({.fields = {field(name, integer())}});
    before.methods.front().name = name;
    put(before, "E", {name});
    Document after = of_requests({.fields = {field(name, text(), {.pattern = name})}});
    after.methods.front().name = name;
    const contract::Diff changes = contract::diff(before, after);
    ASSERT_EQ(changes.changes.size(), 1);
    EXPECT_EQ(changes.changes[0].path,
              "methods[\"a\\\"]\\n\\x1b[31m\\u202e</script>.b\"].request"
              "[\"a\\\"]\\n\\x1b[31m\\u202e</script>.b\"]");
    EXPECT_EQ(changes.changes[0].method, name);
    const std::string text = to_text(changes);
    EXPECT_EQ(std::ranges::count(text, '\n'), 3);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(
        Dynamic::from_json(to_json(changes))["changes"].as_list()[0].find("method")->as_text(),
        name);
}

/// Models in rings, each of which holds the next, and a method for each.
Document rings(std::size_t count, std::size_t length) {
    Document made;
    for (std::size_t number = 0; number < count * length; ++number) {
        const auto id_of = [](std::size_t each) { return "M" + std::to_string(100'000 + each); };
        const std::size_t next = number / length * length + (number + 1) % length;
        made.methods.push_back({.name = id_of(number),
                                .request = model(id_of(number)),
                                .response = model(id_of(number))});
        made.models.push_back(
            {.id = id_of(number),
             .name = "M",
             .fields = {field("next", of(Type::Kind::optional, {model(id_of(next))})),
                        field("number", integer(32))}});
    }
    return made;
}

TEST(Diff, ManyMethodsEnd) {
    const Document before = rings(100, 100);
    EXPECT_EQ(changes_of(before, before), Short{});
    Document after = before;
    after.models.back().fields.back().type = integer(64);
    const contract::Diff changes = contract::diff(before, after);
    EXPECT_EQ(changes.compatible, 100);  // each method of its ring sees it
    EXPECT_EQ(changes.breaking, 100);
}

TEST(Diff, WhatIsTooDeepForValuesIsNotLookedAt) {
    const Document before = rings(1, 300);
    Document after = before;
    after.models.back().fields.back().type = integer(64);
    const contract::Diff changes = contract::diff(before, after);
    EXPECT_EQ(changes.compatible, 129);
    EXPECT_EQ(changes.breaking, 129);
}

TEST(Diff, NestedUnionsAreNoMoreWorkTheDeeperTheyAre) {
    DataType before = integer(32);
    DataType after = integer(64);
    for (int level = 0; level < 120; ++level) {
        before = of(Type::Kind::choice,
                    {text(), of(Type::Kind::list, {before}), plain(Type::Kind::boolean)});
        after = of(Type::Kind::choice,
                   {plain(Type::Kind::boolean), of(Type::Kind::list, {after}), text()});
    }
    const contract::Diff changes = contract::diff(document(before, before), document(after, after));
    EXPECT_EQ(changes.breaking, 1);
    EXPECT_EQ(changes.compatible, 1);
}

TEST(Diff, WhatIsTooMuchIsCounted) {
    ModelDocument before;
    ModelDocument after;
    for (std::size_t number = 0; number < contract::changes_max + 10; ++number) {
        before.fields.push_back(field("f" + std::to_string(number), integer(64)));
        after.fields.push_back(field("f" + std::to_string(number), integer(32)));
    }
    const auto changes = contract::diff(of_requests(before), of_requests(after));
    EXPECT_EQ(changes.changes.size(), contract::changes_max);
    EXPECT_EQ(changes.breaking, contract::changes_max + 10);
    EXPECT_EQ(changes.not_listed, 10);
    EXPECT_NE(to_text(changes).find("10 more changes are not listed"), std::string::npos);
    EXPECT_EQ(Dynamic::from_json(to_json(changes))["not_listed"].as_int64(), 10);
}

TEST(Diff, OfRegisteredMethods) {
    Registry before;
    before.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
    Registry after;
    after.method("add", [](std::int64_t a, std::int64_t b) { return a + b; }, {"a", "b"});
    const auto changes =
        contract::diff(contract::document_of(before.all()), contract::document_of(after.all()));
    ASSERT_EQ(changes.changes.size(), 3);
    EXPECT_EQ(changes.changes[0].path, "methods.add.request.a");
    EXPECT_EQ(changes.changes[2].path, "methods.add.response");
    EXPECT_EQ(changes.changes[2].verdict, contract::Verdict::breaking);
    EXPECT_EQ(changes.breaking, 1);
}

}  // namespace
}  // namespace warren::test
