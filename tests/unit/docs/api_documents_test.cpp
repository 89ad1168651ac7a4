#include "docs/asyncapi.hpp"
#include "docs/openrpc.hpp"
#include "unit/contract/documented.hpp"
#include "unit/docs/references.hpp"
#include "unit/model/binding.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace warren::test {
namespace {

enum class Rank { low, high };
WARREN_ENUM(Rank, low, high)

struct Knot {
    std::string name;
    Rank rank = Rank::low;
    std::vector<Knot> inner;
};
WARREN_MODEL(Knot, (name, describe("Of it."), min_length(1)), (rank, describe("How high.")),
             (inner, defaulted()))

contract::Document knots() {
    Registry registry;
    registry.method("tie", [](const Knot& knot) { return knot; })
        .describe("Ties it.")
        .tag("rope")
        .example("One", Dynamic::map({{"name", "bow"}}), Dynamic::map({{"name", "bow"}}))
        .may_fail<Knot>(Code::failed, "It is too short.");
    registry.method("a:b", [](int a, std::optional<int> b) { return a + b.value_or(0); },
                    {"a", "b"});
    registry.method("a_b", [] {}).deprecated();
    contract::Document document = contract::document_of(registry.all());
    document.listeners = {{.address = "amqp://broker:5672/trees?queue=knots",
                           .protocol = "p",
                           .queue = "knots",
                           .virtual_host = "trees",
                           .methods = {"a:b", "a_b", "tie"},
                           .has_envelope = true},
                          {.address = "tcp://127.0.0.1:7000", .protocol = "q", .methods = {"tie"}}};
    return document;
}

TEST(OpenRpc, HasEveryMethod) {
    const contract::Document document = knots();
    const Dynamic openrpc = docs::openrpc(document);
    EXPECT_GT(expect_references(openrpc), 3U);
    const auto methods = openrpc["methods"].as_list();
    ASSERT_EQ(methods.size(), 3U);
    const Value& sum = methods[0];
    EXPECT_EQ(json_of(*sum.find("params")),
              R"([{"name":"a","required":true,"schema":{"title":"A","type":"integer",)"
              R"("minimum":-2147483648,"maximum":2147483647}},{"name":"b","required":false,)"
              R"("schema":{"title":"B","anyOf":[{"type":"integer","minimum":-2147483648,)"
              R"("maximum":2147483647},{"type":"null"}],"default":null}}])");
    EXPECT_EQ(sum.find("paramStructure")->as_text(), "either");
    EXPECT_TRUE(methods[1].find("deprecated")->as_boolean());
    const Value& tie = methods[2];
    EXPECT_EQ(tie.find("paramStructure")->as_text(), "by-name");
    EXPECT_EQ(json_of(*tie.find("result")),
              R"({"name":"result","schema":{"$ref":"#/components/schemas/Knot"}})");
    EXPECT_EQ(json_of(*tie.find("errors")),
              R"([{"code":-32000,"message":"failed","data":{"description":"It is too short.",)"
              R"("schema":{"$ref":"#/components/schemas/Knot"}}}])");
    EXPECT_EQ(json_of(*tie.find("examples")),
              R"([{"name":"One","params":[{"name":"name","value":"bow"}],)"
              R"("result":{"name":"result","value":{"name":"bow"}}}])");
}

TEST(AsyncApi, HasAServerForEachListenerAndAReplyForEachMethod) {
    const contract::Document document = knots();
    const Dynamic asyncapi = docs::asyncapi(document);
    EXPECT_GT(expect_references(asyncapi), 20U);
    EXPECT_EQ(json_of(*asyncapi["servers"].find("listener1")),
              R"({"host":"broker:5672","protocol":"amqp","pathname":"/trees",)"
              R"("description":"Calls by p: amqp://broker:5672/trees?queue=knots"})");
    EXPECT_EQ(json_of(*asyncapi["servers"].find("listener2")->find("host")), R"("127.0.0.1:7000")");
    const auto operations = asyncapi["operations"].as_map();
    ASSERT_EQ(operations.size(), 4U);
    for (const Member& operation : operations) {
        const Value* const reply = operation.value.find("reply");
        ASSERT_NE(reply, nullptr);
        EXPECT_EQ(json_of(*reply->find("address")), R"({"location":"$message.header#/reply_to"})");
    }
    const Value channel = *asyncapi["channels"].find("listener1-tie");
    EXPECT_EQ(json_of(*channel.find("bindings")),
              R"({"amqp":{"is":"queue","queue":{"name":"knots","vhost":"trees"},)"
              R"("bindingVersion":"0.3.0"}})");
    // What comes back is all of the reply where it has an envelope, and the result elsewhere.
    EXPECT_NE(asyncapi["channels"].find("listener1-tie-reply")->find("messages")->find("tie_reply"),
              nullptr);
    EXPECT_NE(
        asyncapi["channels"].find("listener2-tie-reply")->find("messages")->find("tie_result"),
        nullptr);
}

TEST(ApiDocuments, HaveATitle) {
    const contract::Document document = knots();
    const auto title = [](const Dynamic& made) {
        return std::string{made["info"].find("title")->as_text()};
    };
    EXPECT_EQ(title(docs::asyncapi(document)), "Warren");
    EXPECT_EQ(title(docs::openrpc(document)), "Warren");
    EXPECT_EQ(title(docs::asyncapi(document, "Tea")), "Tea");
    EXPECT_EQ(title(docs::openrpc(document, "\xFFTea\x01")), "\xEF\xBF\xBDTea\\u0001");
}

TEST(AsyncApi, TwoNamesThatLookAlikeAsKeysAreTwo) {
    const Dynamic asyncapi = docs::asyncapi(knots());
    std::vector<std::string> keys;
    for (const Member& message : asyncapi["components"].find("messages")->as_map()) {
        keys.emplace_back(message.key.as_text());
    }
    std::ranges::sort(keys);
    EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
    EXPECT_EQ(keys.size(), 9U);
}

TEST(AsyncApi, HasTheMethodsAloneWhereNobodyServesThem) {
    contract::Document document = knots();
    document.listeners.clear();
    const Dynamic asyncapi = docs::asyncapi(document);
    expect_references(asyncapi);
    EXPECT_EQ(asyncapi["servers"], Value{});
    EXPECT_EQ(asyncapi["operations"].as_map().size(), 3U);
}

}  // namespace
}  // namespace warren::test
