#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"
#include "support/http_peer.hpp"

namespace warren::test {
namespace {

TEST(AdminReadiness, follows_the_broker_as_it_goes_and_comes) {
    RabbitMq broker;
    Server server{{.admin_address = "127.0.0.1:0"}};
    server.method("echo", [](const std::string& text) { return text; }, {"text"});
    server.listen({.url = broker.uri(), .queue = {.name = "readiness"}});
    server.start();
    const auto becomes = [&](std::string_view status) {
        return eventually(
            [&] { return status_of(http_get(server.admin_address(), "/readyz")) == status; });
    };
    EXPECT_TRUE(becomes("200"));
    broker.kill();
    EXPECT_TRUE(becomes("503"));
    EXPECT_EQ(status_of(http_get(server.admin_address(), "/healthz")), "200");
    broker.start();
    EXPECT_TRUE(becomes("200"));
    const std::string text = http_get(server.admin_address(), "/metrics");
    const std::string route = R"({transport="amqp",protocol="cyberfusion"})";
    EXPECT_NE(text.find("warren_server_reconnects_total" + route + " 1\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("warren_server_connections" + route + " 1\n"), std::string::npos);
}

}  // namespace
}  // namespace warren::test
