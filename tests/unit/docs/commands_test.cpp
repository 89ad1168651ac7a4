#include "docs/commands.hpp"

#include "docs/caller.hpp"
#include "unit/docs/documents.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::docs {
namespace {

using contract::CallerNeed;
using contract::ListenerDocument;
using Texts = std::vector<std::string>;

ListenerDocument at(std::string address, std::vector<CallerNeed> needs = {}) {
    return {.address = std::move(address), .protocol = "msgpack-rpc", .needs = std::move(needs)};
}

TEST(Caller, ComesToWhereAListenerListensEverywhere) {
    EXPECT_EQ(caller_address(at("tcp://*:7000")), "tcp://localhost:7000");
    EXPECT_EQ(caller_address(at("tls://0.0.0.0:7000")), "tls://localhost:7000");
    EXPECT_EQ(caller_address(at("tcp://[::]:7000")), "tcp://localhost:7000");
    EXPECT_EQ(caller_address(at("tcp://[::1]:7000")), "tcp://[::1]:7000");
    EXPECT_EQ(caller_address(at("tcp://here:0")), "tcp://here:PORT");
    EXPECT_EQ(caller_address(at("zmq+tcp://*:1,b:2?socket=req")),
              "zmq+tcp://localhost:1,b:2?socket=req");
    EXPECT_EQ(caller_address(at("zmq+ipc:///run/a:0")), "zmq+ipc:///run/a:0");
    EXPECT_EQ(caller_address(at("amqp://a,b/v?queue=*:0")), "amqp://a,b/v?queue=*:0");
    for (const char* const odd : {"", ":", "tcp", "tcp://", "tcp://,", "tcp://?", "memory:x"}) {
        EXPECT_EQ(caller_address(at(odd)).find("PORT"), std::string::npos) << odd;
    }
}

TEST(Caller, SaysWhatNoDocumentTellsByPlaceholders) {
    EXPECT_EQ(caller_address(at("amqps://h/?queue=q", {CallerNeed::login, CallerNeed::authority})),
              "amqps://USER:PASSWORD@h/?queue=q&cacertfile=ca.crt");
    EXPECT_EQ(caller_address(at("amqps://h", {CallerNeed::certificate_login})),
              "amqps://h?auth_mechanism=external&certfile=client.crt&keyfile=client.key");
    EXPECT_EQ(caller_address(at("tls://h:1", {CallerNeed::authority, CallerNeed::certificate})),
              "tls://h:1?ca=ca.crt&certificate=client.crt&key=client.key");
    EXPECT_EQ(caller_address(at("zmq+tcp://h:1", {CallerNeed::server_key, CallerNeed::client_key})),
              "zmq+tcp://h:1?server_key_file=server.public&secret_key_file=client.secret");
    EXPECT_EQ(caller_address(at("zmq+tcp://h:1?socket=pub", {CallerNeed::publisher_key})),
              "zmq+tcp://h:1?socket=pub&secret_key_file=server.secret");
    for (int need = 0; need <= static_cast<int>(CallerNeed::fernet_key); ++need) {
        const auto found = placeholders_of(at("tcp://h:1", {static_cast<CallerNeed>(need)}), true);
        EXPECT_EQ(found.size(), 1U) << need;
    }
    EXPECT_TRUE(placeholders_of(at("tcp://h:1", {CallerNeed::fernet_key}), false).empty());
}

TEST(Commands, EncryptWhatTheyKnowToBeSecret) {
    contract::Document document;
    contract::FieldDocument pin =
        test::field_of("pin", test::of_kind(Type::Kind::secret, test::text_type()));
    contract::FieldDocument password = test::field_of("password", test::text_type());
    pin.is_secret = password.is_secret = true;
    document.models = {test::model_of("Both", {pin, password}), test::model_of("One", {password})};
    document.methods = {test::method_of("both", test::model_type("Both")),
                        test::method_of("one", test::model_type("One"))};
    document.listeners = {at("amqp://h/?queue=q", {CallerNeed::fernet_key})};
    document.listeners[0].protocol = "cyberfusion";
    const CppNames names = cpp_names(document);
    const auto programs = [&](std::size_t method, const ListenerDocument& listener) {
        Texts titles;
        for (const CallCommand& command :
             call_commands(document, names, listener, document.methods[method],
                           Dynamic::map({{"pin", "1"}, {"password", "2"}}))) {
            titles.emplace_back(command.title.text());
            EXPECT_EQ(command.text.contains("fernet.key"), !listener.needs.empty());
        }
        return titles;
    };
    EXPECT_EQ(programs(0, document.listeners[0]), (Texts{"Python", "C++"}));
    EXPECT_EQ(programs(1, document.listeners[0]), (Texts{"Command line", "Python", "C++"}));
    EXPECT_EQ(programs(0, at("tcp://h:1")), (Texts{"Command line", "C++"}));
    EXPECT_EQ(programs(0, at("memory:x")), Texts{});
}

}  // namespace
}  // namespace warren::docs
