#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/http_peer.hpp"

#include <gtest/gtest.h>

#include <string>

/// What those see who watch a server.
namespace warren {
namespace {

using test::http_get;
using test::status_of;

ServerOptions watched() {
    return {.admin_address = "127.0.0.1:0"};
}

void add_methods(Server& server) {
    server.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
}

bool has(const std::string& text, std::string_view line) {
    return text.find("\n" + std::string{line} + "\n") != std::string::npos;
}

TEST(Admin, shows_the_calls_of_a_server_by_outcome) {
    Server server{watched()};
    add_methods(server);
    server.listen("tcp://127.0.0.1:0");
    server.start();
    Client client{server.addresses().front()};
    client.call("add", Dynamic::list({1, 2}));
    client.call("add", Dynamic::list({3, 4}));
    EXPECT_THROW(client.call("add", Dynamic::list({"x"})), Error);
    EXPECT_THROW(client.call("made_up", Dynamic::list({})), Error);
    const std::string text = http_get(server.admin_address(), "/metrics");
    EXPECT_EQ(status_of(text), "200");
    EXPECT_NE(text.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
              std::string::npos);
    const std::string route = R"(transport="tcp",protocol="msgpack-rpc")";
    const std::string requests = "warren_server_requests_total{method=";
    EXPECT_TRUE(has(text, requests + R"("add",)" + route + R"(,code="ok"} 2)")) << text;
    EXPECT_TRUE(has(text, requests + R"("add",)" + route + R"(,code="invalid_request"} 1)"));
    EXPECT_TRUE(has(text, requests + R"x("(unknown)",)x" + route + R"(,code="no_such_method"} 1)"));
    EXPECT_EQ(text.find("made_up"), std::string::npos);
    EXPECT_TRUE(
        has(text, R"(warren_server_request_duration_seconds_count{method="add",)" + route + "} 3"));
    EXPECT_TRUE(has(text, "warren_server_connections{" + route + "} 1"));
    EXPECT_TRUE(has(text, "warren_server_in_flight 0"));
    EXPECT_EQ(text.find("arrpc_server"), std::string::npos);
}

TEST(Admin, shows_the_names_of_arrpc_where_they_are_wanted) {
    ServerOptions options = watched();
    options.arrpc_metrics = true;
    Server server{options};
    add_methods(server);
    server.listen("memory:admin_arrpc");
    server.start();
    const std::string text = http_get(server.admin_address(), "/metrics");
    EXPECT_NE(text.find(R"(remote_address="",signed_payload="False",tls="False",)"
                        R"(handler_func="add"} 0)"),
              std::string::npos)
        << text;
}

TEST(Admin, says_that_a_server_is_alive_and_which_listeners_are_not_ready) {
    Server server{watched()};
    add_methods(server);
    server.listen("tcp://127.0.0.1:0");
    // Port 1 is nobody's.
    server.listen("amqp://guest:guest@127.0.0.1:1/?queue=nowhere");
    server.start();
    EXPECT_EQ(status_of(http_get(server.admin_address(), "/healthz")), "200");
    const std::string readiness = http_get(server.admin_address(), "/readyz");
    EXPECT_EQ(status_of(readiness), "503");
    EXPECT_TRUE(has(readiness, "not consuming: amqp://127.0.0.1:1 queue=nowhere methods=1"))
        << readiness;
    EXPECT_EQ(readiness.find("tcp://"), std::string::npos);
    server.stop_now(std::chrono::seconds{30});
}

TEST(ClientMetrics, show_the_calls_of_a_client_by_outcome) {
    Server server;
    add_methods(server);
    server.listen("tcp://127.0.0.1:0");
    server.start();
    Client client{server.addresses().front(), {.metrics = ClientMetrics::warren_and_arrpc}};
    client.call("add", Dynamic::list({1, 2}));
    EXPECT_THROW(client.call("made_up", Dynamic::list({})), Error);
    const std::string text = "\n" + client.metrics_text();
    const std::string route = R"(transport="tcp",protocol="msgpack-rpc")";
    const std::string requests = "warren_client_requests_total{method=";
    EXPECT_TRUE(has(text, requests + R"("add",)" + route + R"(,code="ok"} 1)")) << text;
    EXPECT_TRUE(has(text, requests + R"("made_up",)" + route + R"(,code="no_such_method"} 1)"));
    EXPECT_TRUE(
        has(text, R"(warren_client_request_duration_seconds_count{method="add",)" + route + "} 1"));
    EXPECT_TRUE(has(text, "warren_client_in_flight{" + route + "} 0"));
    EXPECT_TRUE(has(text, "warren_client_connections{" + route + "} 1"));
    EXPECT_TRUE(has(text, "warren_client_reconnects_total{" + route + "} 0"));
    EXPECT_EQ(text.find("warren_client_bytes_sent_total{" + route + "} 0\n"), std::string::npos);
    EXPECT_NE(text.find("# TYPE arrpc_client_req_seconds summary\n"), std::string::npos);
    EXPECT_NE(text.find(R"(tls="False",reason="no_such_method"} 1)"), std::string::npos);
    EXPECT_EQ(Client{server.addresses().front()}.metrics_text(), "")
        << "nothing is counted unasked";
}

TEST(Admin, refuses_an_address_that_cannot_be) {
    for (const std::string address : {"127.0.0.1", "127.0.0.1:x", "127.0.0.1:1?protocol=arrpc"}) {
        Server server{{.admin_address = address}};
        EXPECT_THROW(server.start(), Error) << address;
    }
    Server first{watched()};
    first.listen("memory:admin_first");
    first.start();
    Server second{{.admin_address = first.admin_address()}};
    try {
        second.start();
        FAIL() << "two servers at one address";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid_request);
        EXPECT_NE(error.message().find(first.admin_address()), std::string::npos);
    }
}

}  // namespace
}  // namespace warren
