#include <warren/client.hpp>
#include <warren/middleware.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"
#include "support/served.hpp"

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace warren::test {
namespace {

/// A server whose method says who calls it.
struct Asked {
    explicit Asked(const std::string& protocol,
                   std::vector<std::shared_ptr<ServerInterceptor>> interceptors = {}) {
        server.method("who", [](Context& context) { return std::string{context.caller}; });
        ListenerOptions listener{.url = RabbitMq::shared().uri(), .protocol = protocol};
        (protocol == "callme" ? listener.callme.server_id : listener.queue.name) =
            "asked_" + protocol;
        listener.interceptors = std::move(interceptors);
        server.listen(listener);
        std::promise<void> ready;
        server.on_ready([&ready] { ready.set_value(); });
        server.start();
        ready.get_future().wait();
    }

    Server server;
};

std::string parameters(const std::string& protocol, const std::string& more) {
    return "?protocol=" + protocol + (protocol == "callme" ? "&server_id=" : "&queue=") + "asked_" +
           protocol + more;
}

TEST(AmqpCallers, AreTheUsersThatTheBrokerVouchesFor) {
    RabbitMq& broker = RabbitMq::shared();
    const RabbitMq::Credentials shop{"shop", "of onions"};
    broker.add_user(shop);
    const Dynamic nothing = Dynamic::map({});
    for (const std::string protocol : {"cyberfusion", "tutorial", "callme"}) {
        const Asked asked{protocol};
        const std::string warren = parameters(protocol, "&peer=warren");
        EXPECT_EQ((Client{broker.uri() + warren}.call("who", nothing)), Dynamic{"guest"});
        EXPECT_EQ((Client{broker.uri(shop) + warren}.call("who", nothing)), Dynamic{"shop"});
        // Others are sent nothing that their own clients do not send.
        EXPECT_EQ((Client{broker.uri(shop) + parameters(protocol, "")}.call("who", nothing)),
                  Dynamic{""});
    }
}

TEST(AmqpCallers, MayCallWhatIsAllowedThem) {
    RabbitMq& broker = RabbitMq::shared();
    const RabbitMq::Credentials shop{"shop", "of onions"};
    broker.add_user(shop);
    const Dynamic nothing = Dynamic::map({});
    for (const std::string protocol : {"cyberfusion", "tutorial", "callme"}) {
        const Asked asked{protocol, {allow({.methods = {{"who", {"shop"}}}})}};
        const std::string warren = parameters(protocol, "&peer=warren");
        EXPECT_EQ((Client{broker.uri(shop) + warren}.call("who", nothing)), Dynamic{"shop"});
        for (const std::string& url :
             {broker.uri() + warren, broker.uri(shop) + parameters(protocol, "")}) {
            Client other{url};
            EXPECT_EQ(failure_of([&] { other.call("who", nothing); }).code, Code::permission_denied)
                << protocol;
        }
    }
}

TEST(AmqpCallers, CannotBeSomebodyElse) {
    RabbitMq& broker = RabbitMq::shared();
    const Asked asked{"cyberfusion"};
    const Dynamic nothing = Dynamic::map({});
    Client liar{broker.uri() + parameters("cyberfusion", "&peer=warren&amqp_user=shop")};
    const Failure failure = failure_of([&] { liar.call("who", nothing); });
    EXPECT_EQ(failure.code, Code::unauthenticated) << to_string(failure);
    EXPECT_TRUE(to_string(failure).contains("amqp_user")) << to_string(failure);
    const std::string silent = parameters("cyberfusion", "&peer=warren&amqp_user=");
    EXPECT_EQ((Client{broker.uri() + silent}.call("who", nothing)), Dynamic{""});
}

}  // namespace
}  // namespace warren::test
