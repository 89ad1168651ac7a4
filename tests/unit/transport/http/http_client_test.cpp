#include "transport/http/http_client.hpp"

#include "support/http_server.hpp"
#include "support/loop.hpp"
#include "unit/transport/tcp/certificates.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace warren::transport::test {
namespace {

using warren::test::http_answer;
using warren::test::HttpServer;
using Outcome = std::expected<HttpResponse, Failure>;

HttpClientOptions options_for(const HttpServer& server) {
    return {.target = {.host = "127.0.0.1", .port = server.port(), .display = server.url()},
            .host = "collector",
            .headers = {{"X-One", "1"}}};
}

class Posting {
public:
    explicit Posting(HttpClientOptions options) : client{loop.executor, std::move(options)} {}

    Outcome post(const std::string& body) {
        std::optional<Outcome> outcome;
        loop.executor.post([&] {
            client.post("/v1/traces", body, [&](Outcome came) { outcome = std::move(came); });
        });
        EXPECT_TRUE(loop.until([&] { return outcome.has_value(); }));
        return std::move(*outcome);
    }

    Loop loop;
    HttpClient client;
};

TEST(HttpClient, PostsOneAfterTheOtherOnOneConnection) {
    HttpServer server{[](const std::string& request) {
        return http_answer("200 OK", "got " + request.substr(request.find("\r\n\r\n") + 4));
    }};
    Posting posting{options_for(server)};
    for (const std::string body : {"first", "second", ""}) {
        const Outcome outcome = posting.post(body);
        ASSERT_TRUE(outcome) << outcome.error().message;
        EXPECT_EQ(outcome->status, 200U);
        EXPECT_EQ(outcome->body, "got " + body);
    }
    EXPECT_EQ(server.connections(), 1U);
    EXPECT_EQ(server.wait_for(3)[0],
              "POST /v1/traces HTTP/1.1\r\nHost: collector\r\nContent-Length: 5\r\n"
              "X-One: 1\r\n\r\nfirst");
}

TEST(HttpClient, GetsWithoutABody) {
    HttpServer server{
        [](const std::string& request) { return http_answer("200 OK", request.substr(0, 26)); }};
    Loop loop;
    HttpClient client{loop.executor, options_for(server)};
    std::optional<Outcome> outcome;
    loop.executor.post(
        [&] { client.get("/calls?after=7", [&](Outcome came) { outcome = std::move(came); }); });
    ASSERT_TRUE(loop.until([&] { return outcome.has_value(); }));
    ASSERT_TRUE(*outcome) << outcome->error().message;
    EXPECT_EQ((*outcome)->body, "GET /calls?after=7 HTTP/1.");
    EXPECT_EQ(server.wait_for(1)[0],
              "GET /calls?after=7 HTTP/1.1\r\nHost: collector\r\nX-One: 1\r\n\r\n");
}

TEST(HttpClient, SaysWhatWasAnswered) {
    HttpServer server{[](const std::string& request) {
        if (request.ends_with("busy")) {
            return http_answer("429 Too Many Requests", "later", "Retry-After: 17\r\n");
        }
        return http_answer("503 Service Unavailable", "",
                           "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n");
    }};
    Posting posting{options_for(server)};
    const Outcome busy = posting.post("busy");
    EXPECT_EQ(busy->status, 429U);
    EXPECT_EQ(busy->retry_after, 17s);
    EXPECT_EQ(busy->body, "later");
    const Outcome gone = posting.post("gone");
    EXPECT_EQ(gone->status, 503U);
    EXPECT_EQ(gone->retry_after, std::nullopt);
}

TEST(HttpClient, ReadsWhatHasNoLengthOrIsInChunks) {
    HttpServer server{[](const std::string& request) -> std::string {
        return request.ends_with("chunks")
                   ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n"
                     "0\r\n\r\n"
                   : "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    }};
    Posting posting{options_for(server)};
    EXPECT_EQ(posting.post("chunks")->body, "abcde");
    EXPECT_EQ(posting.post("old")->body, "abc");
    EXPECT_EQ(server.connections(), 1U);
    EXPECT_EQ(posting.post("old")->body, "abc");
    EXPECT_EQ(server.connections(), 2U) << "HTTP/1.0 keeps none";
}

TEST(HttpClient, PostsAgainWhatAConnectionThatWasKeptDidNotTake) {
    std::atomic<int> count = 0;
    HttpServer server{[&count](const std::string&) {
        // The second one ends the first connection, as a server does that closes what is idle.
        return ++count == 2 ? std::string{} : http_answer("200 OK");
    }};
    Posting posting{options_for(server)};
    EXPECT_TRUE(posting.post("first"));
    EXPECT_TRUE(posting.post("second"));
    EXPECT_EQ(server.wait_for(3)[1], server.wait_for(3)[2]);
    EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpClient, FailsWithoutAResponse) {
    HttpServer server{[](const std::string& request) -> std::string {
        if (request.ends_with("close")) {
            return {};
        }
        return request.ends_with("nonsense") ? "nonsense\r\n\r\n" : http_answer("200 OK", "12345");
    }};
    HttpClientOptions options = options_for(server);
    options.response_bytes_max = 64;
    Posting posting{options};
    for (const std::string body : {"close", "nonsense"}) {
        const Outcome outcome = posting.post(body);
        ASSERT_FALSE(outcome) << body;
        EXPECT_EQ(outcome.error().code, Code::connection_lost) << body;
    }
    EXPECT_EQ(posting.post("well")->body, "12345") << "and goes on";
}

TEST(HttpClient, TakesResponsesUpToTheLimit) {
    HttpServer server{[](const std::string& request) {
        return http_answer("200 OK", std::string(request.ends_with("over") ? 1'001 : 1'000, 'x'));
    }};
    HttpClientOptions options = options_for(server);
    options.response_bytes_max = 1'000;
    Posting posting{options};
    EXPECT_EQ(posting.post("at")->body.size(), 1'000U);
    EXPECT_FALSE(posting.post("over"));
}

TEST(HttpClient, WaitsNoLongerThanItsTime) {
    std::atomic<bool> is_over = false;
    HttpServer server{[&is_over](const std::string&) {
        is_over.wait(false);
        return std::string{};
    }};
    HttpClientOptions options = options_for(server);
    options.timeout = 20ms;
    Posting posting{options};
    const Outcome outcome = posting.post("anything");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::deadline_exceeded);
    EXPECT_EQ(outcome.error().message, server.url() + " did not answer within 20 ms");
    is_over = true;
    is_over.notify_all();
}

TEST(HttpClient, FailsWhereNobodyListens) {
    HttpClientOptions options;
    {
        const HttpServer server{[](const std::string&) { return std::string{}; }};
        options = options_for(server);
    }
    Posting posting{options};
    const Outcome outcome = posting.post("anything");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::connection_lost);
    EXPECT_TRUE(outcome.error().message.starts_with("Cannot connect to " + options.target.display))
        << outcome.error().message;
}

TEST(HttpClient, VerifiesWhomItPostsTo) {
    const Certificates& certificates = Certificates::shared();
    HttpServer server{[](const std::string&) { return http_answer("200 OK"); },
                      certificates.path("server.pem"), certificates.path("server.key")};
    HttpClientOptions options = options_for(server);
    options.target.host = "localhost";
    options.target.tls = TlsOptions{.ca_file = certificates.path("ca.pem")};
    EXPECT_TRUE(Posting{options}.post("secured"));
    EXPECT_EQ(server.wait_for(1).size(), 1U);
    options.target.tls = TlsOptions{};  // the system's authorities do not know it
    const Outcome outcome = Posting{options}.post("secured");
    ASSERT_FALSE(outcome);
    EXPECT_EQ(server.wait_for(1).size(), 1U);
}

TEST(HttpClient, GivesUpWhenItIsDestroyed) {
    std::atomic<bool> is_over = false;
    HttpServer server{[&is_over](const std::string&) {
        is_over.wait(false);
        return http_answer("200 OK");
    }};
    Loop loop;
    std::optional<HttpClient> client{std::in_place, loop.executor, options_for(server)};
    bool has_ended = false;
    loop.executor.post(
        [&] { client->post("/v1/traces", "anything", [&](const Outcome&) { has_ended = true; }); });
    EXPECT_TRUE(loop.until([&] { return server.connections() == 1; }));
    client.reset();
    is_over = true;
    is_over.notify_all();
    server.wait_for(1);
    EXPECT_TRUE(loop.until([] { return true; }));
    EXPECT_FALSE(has_ended);
}

}  // namespace
}  // namespace warren::transport::test
