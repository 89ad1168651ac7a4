#include "model/render.hpp"

#include "core/uuid.hpp"
#include "model/mock.hpp"
#include "support/support.hpp"
#include "unit/model/binding.hpp"
#include "unit/model/models.hpp"

#include <gtest/gtest.h>

namespace warren::test {
namespace {

TEST(Render, KeepsTheOrderOfTheDescription) {
    Everything object{.number = -5,
                      .ratio = 1.0,
                      .narrow = 0.1F,
                      .text = "t",
                      .bytes = {std::byte{0}},
                      .colour = Colour::blue,
                      .tiny = Tiny::low,
                      .flags = {true, false},
                      .counts = {UINT64_MAX},
                      .places = {{"p", {"s", {}}}},
                      .weights = {{"w", 2.5}},
                      .choice = Address{"c", {"l"}},
                      .token = Secret<std::string>{"clear"},
                      .node = {"n", {}, {}},
                      .at = Timestamp{std::chrono::microseconds{1}},
                      .home = {"/"},
                      .file = {"f"},
                      .anything = Dynamic::map({{"k", nullptr}})};
    Arena arena;
    EXPECT_EQ(json_of(model::render(type_of<Everything>(), &object, arena)),
              R"({"truth":false,"number":-5,"ratio":1.0,"narrow":0.1,"text":"t","bytes":"AA==",)"
              R"("colour":"blue","tiny":"low","maybe":null,"flags":[true,false],)"
              R"("counts":[18446744073709551615],"places":{"p":{"street":"s","lines":[]}},)"
              R"("weights":{"w":2.5},"choice":{"street":"c","lines":["l"]},"token":"clear",)"
              R"("node":{"name":"n","children":[],"address":null},)"
              R"("id":"00000000-0000-0000-0000-000000000000","at":"1970-01-01T00:00:00.000001Z",)"
              R"("home":"/","file":"f","anything":{"k":null}})");
    EXPECT_EQ(model::render(type_of<void>(), nullptr, arena), Value::null());
}

TEST(Render, ViewsTextInsteadOfCopyingIt) {
    const std::string text = "text";
    Arena arena;
    EXPECT_EQ(model::render(type_of<std::string>(), &text, arena).as_text().data(), text.data());
}

TEST(Render, GivesBackTheSameObjectThroughBindAndJson) {
    const std::uint64_t seed = random_seed();
    for (std::uint64_t round = 0; round < 300; ++round) {
        Everything object{};
        ASSERT_EQ(briefly(model::mock(type_of<Everything>(), seed + round, &object)), Brief{});
        Arena arena;
        const Value value = model::render(type_of<Everything>(), &object, arena);
        Everything direct{};
        EXPECT_EQ(briefly(model::bind(type_of<Everything>(), value, &direct)), Brief{});
        EXPECT_TRUE(direct == object) << json_of(value);
        Everything through_json{};
        EXPECT_EQ(bind_errors(json_of(value), through_json), Brief{});
        EXPECT_TRUE(through_json == object) << json_of(value);
    }
}

}  // namespace
}  // namespace warren::test
