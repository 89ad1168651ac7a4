// What servers say of themselves, over everything that can carry it.

#include <warren/client.hpp>
#include <warren/server.hpp>

#include "contract/registered.hpp"
#include "endpoint/server/describe_methods.hpp"
#include "support/rabbitmq.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <vector>

namespace warren::test {
namespace {

struct Leaf {
    std::string name;
    std::vector<Leaf> leaves;
    Secret<std::string> password;
};
WARREN_MODEL(Leaf, (name, describe("Of it."), min_length(1)), (leaves, defaulted()),
             (password, defaulted()))

void add_methods(Registry& registry) {
    registry.method("grow", [](const Leaf& leaf) { return leaf; })
        .describe("Grows it.")
        .may_fail(Code::failed, "It is winter.");
    registry.method("count", [](int a) { return a; }, {"a"});
}

class Describing {
public:
    explicit Describing(ListenerOptions listener,
                        ServerReplies replies = ServerReplies::by_handlers)
        : server_{{.replies = replies}} {
        add_methods(server_.methods());
        server_.listen(std::move(listener));
        std::promise<void> ready;
        server_.on_ready([&ready] { ready.set_value(); });
        server_.start();
        ready.get_future().wait();
    }
    std::string address() const { return server_.addresses().front(); }

private:
    Server server_;
};

contract::Document of_methods() {
    Registry registry;
    add_methods(registry);
    return contract::document_of(registry.all());
}

Dynamic ask(const std::string& address, std::string_view method = endpoint::describe_name) {
    Client client{address};
    CallOptions options;
    options.timeout = std::chrono::minutes{1};
    return client.call(method, Dynamic::map({}), options);
}

std::optional<Code> refusal(const std::string& address) {
    try {
        ask(address);
        return std::nullopt;
    } catch (const Error& error) {
        return error.code();
    }
}

void expect_described(const std::string& address) {
    SCOPED_TRACE(address);
    const Dynamic told = ask(address);
    EXPECT_EQ(told["instance"].as_text().size(), 36U);
    auto document = contract::from_json(told.to_json());
    ASSERT_TRUE(document) << to_string(document.error());
    ASSERT_EQ(document->listeners.size(), 1U);
    EXPECT_EQ(document->listeners.front().methods, (std::vector<std::string>{"count", "grow"}));
    document->listeners.clear();
    EXPECT_EQ(to_json(*document), to_json(of_methods())) << "as from its modules";

    const Dynamic discovered = ask(address, endpoint::discover_name);
    EXPECT_EQ(discovered["openrpc"].as_text(), "1.3.2");
    EXPECT_EQ(discovered["methods"].as_list().size(), 2U);
    EXPECT_EQ(discovered["x-warren-instance"], told["instance"]);
}

TEST(Describe, OverEverythingThatOnlyThisMachineCanAsk) {
    const TemporaryDirectory folder;
    for (const std::string& url :
         {std::string{"memory:describe?queue=trees"}, std::string{"tcp://127.0.0.1:0"},
          std::string{"zmq+tcp://127.0.0.1:0"}, "zmq+ipc://" + folder.file("describe"),
          std::string{"zmq+inproc://describe"}}) {
        const Describing server{{.url = url}};
        expect_described(url.starts_with("memory") ? url : server.address());
    }
}

TEST(Describe, AtABrokerWhereItIsAskedFor) {
    const std::string broker = RabbitMq::shared().uri();
    {
        const Describing server{
            {.url = broker, .describe = true, .queue = {.name = "describe.told"}}};
        expect_described(broker + "?queue=describe.told");
    }
    {
        const Describing server{{.url = broker,
                                 .protocol = "callme",
                                 .describe = true,
                                 .callme = {.server_id = "describer"}}};
        expect_described(broker + "?protocol=callme&server_id=describer&peer=warren");
    }
    const Describing silent{{.url = broker, .queue = {.name = "describe.silent"}}};
    // Its exchange is there, from the server before.
    EXPECT_EQ(refusal(broker + "?queue=describe.silent"), Code::no_responder);
}

TEST(Describe, NotWhereOthersCanAskOrNobodyShall) {
    {
        const Describing server{{.url = "tcp://*:0"}};
        const std::string address = server.address();
        EXPECT_EQ(refusal("tcp://127.0.0.1" + address.substr(address.rfind(':'))),
                  Code::no_such_method);
    }
    const Describing server{{.url = "tcp://127.0.0.1:0", .describe = false}};
    EXPECT_EQ(refusal(server.address()), Code::no_such_method);
    Server other;
    EXPECT_THROW(other.listen({.url = "tcp://127.0.0.1:0", .protocol = "arrpc", .describe = true}),
                 Error);
}

TEST(Describe, AMockSaysWhatThereIs) {
    const Describing server{{.url = "tcp://127.0.0.1:0"}, ServerReplies::mock};
    const Dynamic told = ask(server.address());
    EXPECT_EQ(told["fingerprint"].as_text(), of_methods().fingerprint);
    EXPECT_EQ(told["listeners"].as_list()[0].find("is_mock")->as_boolean(), true);
}

TEST(Describe, EachServerIsAnotherInstance) {
    const Describing one{{.url = "tcp://127.0.0.1:0"}};
    const Describing other{{.url = "tcp://127.0.0.1:0"}};
    EXPECT_EQ(ask(one.address())["instance"], ask(one.address())["instance"]);
    EXPECT_NE(ask(one.address())["instance"].as_text(), ask(other.address())["instance"].as_text());
}

TEST(Describe, AMethodOfTheServersOwnStays) {
    Server server;
    server.method(endpoint::describe_name, [] { return std::string{"my own"}; });
    server.listen("tcp://127.0.0.1:0");
    server.start();
    EXPECT_EQ(ask(server.addresses().front()), Dynamic{"my own"});
}

}  // namespace
}  // namespace warren::test
