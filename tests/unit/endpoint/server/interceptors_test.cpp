#include <warren/client.hpp>
#include <warren/middleware.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace warren {
namespace {

using Texts = std::vector<std::string>;

class KeptLog final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard lock{mutex_};
        lines_.emplace_back(line);
    }
    /// Those of the access log, without what no two runs have in common.
    Texts accesses() const {
        const std::lock_guard lock{mutex_};
        Texts some;
        for (const std::string& line : lines_) {
            if (line.starts_with("access ")) {
                some.push_back(line.substr(0, line.find(",\"duration_ms\"")));
            }
        }
        return some;
    }
    std::string first() const {
        const std::lock_guard lock{mutex_};
        return lines_.empty() ? std::string{} : lines_.front();
    }

private:
    mutable std::mutex mutex_;
    Texts lines_;
};

/// Gives a caller another name.
class Renaming final : public ServerInterceptor {
public:
    explicit Renaming(std::string name) : name_{std::move(name)} {}
    std::optional<Failure> begin(CallAtServer& call) override {
        call.context.caller = call.keep(std::string{call.context.caller} +
                                        (call.context.caller.empty() ? "" : "/") + name_);
        return std::nullopt;
    }

private:
    const std::string name_;
};

const Dynamic two_and_forty = Dynamic::map({{"a", 2}, {"b", 40}});

void add_method(Server& server) {
    server.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
}

Code code_of(const std::string& url, std::string_view method, const Dynamic& arguments,
             ClientOptions options = {}) {
    Client client{url, std::move(options)};
    return test::failure_of([&] { client.call(method, arguments); }).code;
}

TEST(ServerInterceptors, ThoseOfTheServerAreOutsideOfThoseOfAListener) {
    Server server;
    server.method("who", [](Context& context) { return std::string{context.caller}; });
    server.listen({.url = "memory:interceptors_order",
                   .interceptors = {std::make_shared<Renaming>("third"),
                                    std::make_shared<Renaming>("fourth")}});
    server.listen("memory:interceptors_order_2");
    server.use(std::make_shared<Renaming>("first"));
    server.use(std::make_shared<Renaming>("second"));
    server.start();
    EXPECT_EQ(Client{"memory:interceptors_order"}.call("who", Dynamic::map({})),
              Dynamic{"first/second/third/fourth"});
    EXPECT_EQ(Client{"memory:interceptors_order_2"}.call("who", Dynamic::map({})),
              Dynamic{"first/second"});
}

TEST(ServerInterceptors, AnAccessLogHasALineForEachCallHoweverItEnds) {
    const auto log = std::make_shared<KeptLog>();
    const std::string secret = "known to one of the clients alone";
    {
        Server server{{.log = log, .auth_clock_ahead_max = std::chrono::milliseconds{0}}};
        add_method(server);
        server.use(access_log());
        server.use(allow({.methods = {{"add", {"shop", ""}}, {"*", {""}}}}));
        server.listen("tcp://127.0.0.1:0");
        server.listen(
            {.url = "tcp://127.0.0.1:0", .auth_secrets = {secret}, .auth_names = {"billing"}});
        server.start();
        const std::string plain = test::address_of(server);
        const std::string is_signed = test::address_of(server, 1);
        EXPECT_EQ(Client{plain}.call("add", two_and_forty), Dynamic{42});
        EXPECT_EQ(code_of(plain, "missing", two_and_forty), Code::no_such_method);
        EXPECT_EQ(code_of(plain, "add", Dynamic::map({})), Code::invalid_request);
        EXPECT_EQ(code_of(is_signed, "add", two_and_forty, {.auth_secrets = {secret}}),
                  Code::permission_denied);
        EXPECT_EQ(code_of(is_signed, "add", two_and_forty), Code::unauthenticated);
        server.stop();
    }
    const auto line = [](const std::string& method, const std::string& caller,
                         const std::string& code) {
        return R"(access {"method":")" + method + R"(","caller":")" + caller + R"(","code":")" +
               code + '"';
    };
    EXPECT_EQ(log->accesses(), (Texts{line("add", "", "ok"), line("missing", "", "no_such_method"),
                                      line("add", "", "invalid_request"),
                                      line("add", "billing", "permission_denied"),
                                      line("", "", "unauthenticated")}));
}

TEST(ServerInterceptors, AnAccessLogMayHaveAPlaceOfItsOwn) {
    const auto log = std::make_shared<KeptLog>();
    constexpr std::size_t calls = 50;  // more than a log has of what is the same
    {
        Server server;
        add_method(server);
        server.listen({.url = "memory:interceptors_log", .interceptors = {access_log(log)}});
        server.start();
        Client client{"memory:interceptors_log"};
        for (std::size_t i = 0; i < calls; ++i) {
            client.call("add", two_and_forty, {.idempotency_key = "order 7"});
        }
        server.stop();
    }
    EXPECT_EQ(log->accesses().size(), calls);
    EXPECT_TRUE(log->first().contains(R"("attempt":1,"key":"order 7","trace":"")")) << log->first();
    EXPECT_FALSE(log->first().contains(R"("response_bytes":0)")) << log->first();
}

TEST(ServerInterceptors, StandAroundProxies) {
    Server server;
    add_method(server);
    server.listen("memory:interceptors_target");
    server.start();
    Server proxy;
    proxy.use(allow({.methods = {{"add", {"shop"}}}}));
    proxy.forward({.url = "memory:interceptors_proxy", .methods = {"add"}},
                  {.to = "memory:interceptors_target"});
    proxy.start();
    EXPECT_EQ(Client{"memory:interceptors_proxy?amqp_user=shop"}.call("add", two_and_forty),
              Dynamic{42});
    EXPECT_EQ(code_of("memory:interceptors_proxy?amqp_user=billing", "add", two_and_forty),
              Code::permission_denied);
    proxy.stop();
}

TEST(ServerInterceptors, ARateIsTheListenersOrTheServers) {
    Server server;
    add_method(server);
    const auto limit = rate({.methods = {{"*", {.calls = 1, .per = std::chrono::hours{1}}}}});
    server.listen({.url = "memory:interceptors_rate", .interceptors = {limit}});
    server.listen({.url = "memory:interceptors_rate_2", .interceptors = {limit}});
    server.listen("memory:interceptors_rate_3");
    server.start();
    EXPECT_EQ(Client{"memory:interceptors_rate"}.call("add", two_and_forty), Dynamic{42});
    EXPECT_EQ(code_of("memory:interceptors_rate", "add", two_and_forty), Code::overloaded);
    EXPECT_EQ(code_of("memory:interceptors_rate_2", "add", two_and_forty), Code::overloaded)
        << "one object counts for all that have it";
    EXPECT_EQ(Client{"memory:interceptors_rate_3"}.call("add", two_and_forty), Dynamic{42});
}

}  // namespace
}  // namespace warren
