#include "transport/http/http_server.hpp"

#include "support/http_peer.hpp"
#include "transport/loop/asio_executor.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

using namespace std::chrono_literals;
using warren::test::http_get;
using warren::test::HttpPeer;
using warren::test::status_of;

/// A server that says which path was asked for.
class Pages {
public:
    explicit Pages(HttpServerOptions options = {}, HttpServer::PostHandler on_post = nullptr) {
        options.port = 0;
        server_ = std::make_unique<HttpServer>(
            executor_, options,
            [](const HttpServerRequest& request) {
                if (request.if_none_match == "\"known\"") {
                    return HttpServerResponse{.status = 304, .headers = {{"ETag", "\"known\""}}};
                }
                if (request.path == "/kept") {
                    return HttpServerResponse{
                        .headers = {{"Cache-Control", "no-cache"}, {"X-Own", "yes"}},
                        .body = "kept"};
                }
                return HttpServerResponse{.status = request.path == "/known" ? 200U : 404U,
                                          .body = "asked for " + std::string{request.path}};
            },
            std::move(on_post));
        const auto started = server_->start();
        EXPECT_TRUE(started) << to_string(started.error());
        thread_ = std::thread{[this] { executor_.run(); }};
    }
    ~Pages() {
        std::promise<void> closed;
        executor_.post([&] {
            server_->close();
            closed.set_value();
        });
        closed.get_future().wait();
        executor_.stop();
        thread_.join();
    }

    const std::string& address() const { return server_->local_address(); }
    /// The response to any bytes, after which the server is to close the connection.
    std::string response_to(std::string_view bytes) const {
        HttpPeer peer{address()};
        peer.send(bytes);
        return peer.read_to_end();
    }

private:
    AsioExecutor executor_;
    std::unique_ptr<HttpServer> server_;
    std::thread thread_;
};

TEST(HttpServer, answers_what_is_asked_for) {
    const Pages pages;
    const std::string response = http_get(pages.address(), "/known?with=parameters");
    EXPECT_EQ(status_of(response), "200");
    EXPECT_TRUE(response.ends_with("\r\n\r\nasked for /known"));
    EXPECT_NE(response.find("Content-Type: text/plain; charset=utf-8\r\n"), std::string::npos);
    EXPECT_EQ(status_of(http_get(pages.address(), "/unknown")), "404");
}

TEST(HttpServer, answers_with_the_headers_that_it_is_given) {
    const Pages pages;
    const std::string kept = http_get(pages.address(), "/kept");
    EXPECT_NE(kept.find("\r\nX-Own: yes\r\n"), std::string::npos);
    EXPECT_NE(kept.find("\r\nCache-Control: no-cache\r\n"), std::string::npos);
    EXPECT_EQ(kept.find("no-store"), std::string::npos);
    EXPECT_NE(http_get(pages.address(), "/known").find("\r\nCache-Control: no-store\r\n"),
              std::string::npos);
}

TEST(HttpServer, says_that_what_somebody_has_is_what_there_is) {
    const Pages pages;
    HttpPeer peer{pages.address()};
    peer.send("GET /known HTTP/1.1\r\nIf-None-Match: \"known\"\r\n\r\n");
    const std::string unchanged = peer.read_until("\r\n\r\n");
    EXPECT_EQ(status_of(unchanged), "304");
    EXPECT_NE(unchanged.find("\r\nETag: \"known\"\r\n"), std::string::npos);
    peer.send("GET /known HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(status_of(peer.read_until("asked for /known")), "200") << "and goes on";
}

TEST(HttpServer, answers_one_request_after_the_other) {
    const Pages pages;
    HttpPeer peer{pages.address()};
    peer.send("GET /known HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(status_of(peer.read_until("asked for /second")), "200");
    peer.send("GET /third HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(status_of(peer.read_until("asked for /third")), "404");
}

TEST(HttpServer, answers_a_request_that_comes_byte_by_byte) {
    const Pages pages;
    HttpPeer peer{pages.address()};
    for (const char octet : std::string_view{"GET /known HTTP/1.1\r\nHost: x\r\n\r\n"}) {
        peer.send({&octet, 1});
    }
    EXPECT_EQ(status_of(peer.read_until("asked for /known")), "200");
}

TEST(HttpServer, answers_head_without_a_body) {
    const Pages pages;
    const std::string response =
        pages.response_to("HEAD /known HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(status_of(response), "200");
    EXPECT_NE(response.find("Content-Length: 16\r\n"), std::string::npos);
    EXPECT_TRUE(response.ends_with("\r\n\r\n"));
}

TEST(HttpServer, knows_no_other_methods) {
    const Pages pages;
    for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
        const std::string response =
            pages.response_to(method + " /known HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        EXPECT_EQ(status_of(response), "405") << method;
        EXPECT_NE(response.find("Allow: GET, HEAD\r\n"), std::string::npos);
    }
    EXPECT_EQ(status_of(pages.response_to("POST /known HTTP/1.1\r\nContent-Length: 9\r\n\r\n")),
              "405");
}

/// A request with a body and the end of the connection.
std::string posted(std::string_view body, std::string_view headers = {}) {
    return "POST /known?a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + std::string{headers} +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

/// Says what was posted.
void say_again(const HttpServerRequest& request, HttpResponder responder) {
    responder.respond({.body = "posted to " + std::string{request.path} + " for " +
                               request.header("HOST") + " from " + request.header("Origin") + ": " +
                               std::string{request.body}});
}

TEST(HttpServer, takes_posts_where_it_is_told_how) {
    const Pages pages{{.body_bytes_max = 10}, say_again};
    const std::string response =
        pages.response_to(posted("some bytes", "Origin: a\r\norigin: b\r\n"));
    EXPECT_EQ(status_of(response), "200");
    EXPECT_TRUE(response.ends_with("\r\n\r\nposted to /known for x from a, b: some bytes"));
    EXPECT_EQ(status_of(pages.response_to(posted(""))), "200");
    EXPECT_EQ(status_of(http_get(pages.address(), "/known")), "200") << "and goes on";
    EXPECT_EQ(status_of(pages.response_to(
                  "GET /known HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody")),
              "413");
    const std::string unknown =
        pages.response_to("PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(status_of(unknown), "405");
    EXPECT_NE(unknown.find("Allow: GET, HEAD, POST\r\n"), std::string::npos);
}

TEST(HttpServer, takes_bodies_up_to_the_limit) {
    const Pages pages{{.request_bytes_max = 200, .body_bytes_max = 1'000'000}, say_again};
    EXPECT_EQ(status_of(pages.response_to(posted(std::string(1'000'000, 'x')))), "200");
    const std::string over = pages.response_to(posted(std::string(1'000'001, 'x')));
    EXPECT_EQ(status_of(over), "413") << "though all of it is sent before anything is read";
    EXPECT_NE(over.find("over 1000000 bytes"), std::string::npos);
    const std::string in_pieces = "POST /known HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(status_of(pages.response_to(in_pieces + "f4241\r\n")), "413");
    EXPECT_EQ(status_of(pages.response_to(posted("", "A: " + std::string(200, 'x') + "\r\n"))),
              "431");
}

TEST(HttpServer, answers_posts_later_and_from_any_thread) {
    std::promise<HttpResponder> asked;
    const Pages pages{{.body_bytes_max = 10},
                      [&asked](const HttpServerRequest&, HttpResponder responder) {
                          asked.set_value(std::move(responder));
                      }};
    HttpPeer peer{pages.address()};
    peer.send(posted("x"));
    HttpResponder responder = asked.get_future().get();
    EXPECT_EQ(status_of(http_get(pages.address(), "/known")), "200") << "meanwhile";
    responder.respond({.body = "later"});
    responder.respond({.body = "not twice"});
    EXPECT_TRUE(peer.read_to_end().ends_with("\r\n\r\nlater"));
}

TEST(HttpServer, answers_who_was_forgotten_or_went) {
    std::promise<HttpResponder> asked;
    const Pages pages{{.body_bytes_max = 10},
                      [&asked](const HttpServerRequest& request, HttpResponder responder) {
                          if (request.body == "wait") {
                              asked.set_value(std::move(responder));
                          }
                      }};
    EXPECT_EQ(status_of(pages.response_to(posted("forget"))), "500");
    std::optional<HttpPeer> goes{std::in_place, pages.address()};
    goes->send(posted("wait"));
    HttpResponder responder = asked.get_future().get();
    goes.reset();
    responder.respond({});
    EXPECT_EQ(status_of(http_get(pages.address(), "/known")), "200") << "and goes on";
}

/// A server whose posts wait for the test.
class Waiting {
public:
    struct Asked {
        HttpResponder responder;
        std::stop_token gone;
        std::string body;
    };

    explicit Waiting(HttpServerOptions options = {})
        : pages_{
              with_bodies(std::move(options)),
              [this](const HttpServerRequest& request, HttpResponder responder) {
                  asked_.set_value({std::move(responder), request.gone, std::string{request.body}});
              }} {}

    const std::string& address() const { return pages_.address(); }
    Asked next() {
        Asked asked = asked_.get_future().get();
        asked_ = {};
        return asked;
    }

private:
    static HttpServerOptions with_bodies(HttpServerOptions options) {
        options.body_bytes_max = 1'000;
        return options;
    }

    std::promise<Asked> asked_;
    Pages pages_;
};

void wait_until_requested(const std::stop_token& token) {
    std::promise<void> requested;
    const std::stop_callback notice{token, [&requested] { requested.set_value(); }};
    requested.get_future().wait();
}

constexpr std::string_view post_of_x = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";

TEST(HttpServer, says_when_who_asked_has_gone) {
    Waiting waiting;
    for (const bool asks_more : {false, true}) {
        std::optional<HttpPeer> goes{std::in_place, waiting.address()};
        goes->send(post_of_x);
        auto asked = waiting.next();
        EXPECT_FALSE(asked.gone.stop_requested());
        if (asks_more) {
            goes->send("GET /known HTTP/1.1\r\nHo");
        }
        goes.reset();
        wait_until_requested(asked.gone);
        asked.responder.respond({});
    }
    HttpPeer half{waiting.address()};
    half.send(post_of_x);
    half.send_no_more();
    auto asked = waiting.next();
    wait_until_requested(asked.gone);
    asked.responder.respond({.body = "even so"});
    EXPECT_TRUE(half.read_to_end().ends_with("\r\n\r\neven so"));
}

TEST(HttpServer, keeps_what_is_asked_while_a_response_is_waited_for) {
    Waiting waiting{{.request_bytes_max = 300}};
    // More than waits at once, too.
    for (const std::size_t padding : {1, 500}) {
        HttpPeer peer{waiting.address()};
        peer.send(post_of_x);
        auto first = waiting.next();
        peer.send("POST /second HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(padding) +
                  "\r\n\r\n" + std::string(padding, 'y'));
        peer.send("GET /known HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(status_of(http_get(waiting.address(), "/known")), "200") << "meanwhile";
        EXPECT_FALSE(first.gone.stop_requested());
        first.responder.respond({.body = "first"});
        auto second = waiting.next();
        EXPECT_EQ(second.body, std::string(padding, 'y'));
        EXPECT_FALSE(second.gone.stop_requested());
        second.responder.respond({.body = "second"});
        const std::string responses = peer.read_until("asked for /known");
        EXPECT_LT(responses.find("first"), responses.find("second"));
        EXPECT_TRUE(responses.ends_with("asked for /known"));
    }
}

TEST(HttpServer, closes_no_connection_that_waits_for_its_response) {
    Waiting waiting{{.connections_max = 2}};
    HttpPeer waits{waiting.address()};
    waits.send(post_of_x);
    auto asked = waiting.next();
    HttpPeer idle{waiting.address()};
    HttpPeer asks{waiting.address()};
    asks.send(post_of_x);
    EXPECT_EQ(idle.read_to_end(), "") << "though it is not the oldest";
    auto other = waiting.next();
    EXPECT_EQ(HttpPeer{waiting.address()}.read_to_end(), "") << "all wait";
    EXPECT_FALSE(asked.gone.stop_requested());
    asked.responder.respond({.body = "later"});
    EXPECT_TRUE(waits.read_until("later").ends_with("later"));
    other.responder.respond({.body = "too"});
    EXPECT_TRUE(asks.read_until("too").ends_with("too"));
}

TEST(HttpServer, refuses_what_is_no_request) {
    const Pages pages;
    EXPECT_EQ(status_of(pages.response_to("garbage\r\n\r\n")), "400");
    EXPECT_EQ(status_of(pages.response_to("GET /known HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n")),
              "400");
    EXPECT_EQ(status_of(pages.response_to("\x16\x03\x01\x02\x00\x01\r\n\r\n")), "400");
    EXPECT_EQ(status_of(pages.response_to("GET /known HTTP/1.1\r\nContent-Length: x\r\n\r\n")),
              "400");
    EXPECT_EQ(status_of(pages.response_to("GET /known HTTP/1.1\r\nContent-Length: 9\r\n\r\n")),
              "413");
    EXPECT_EQ(status_of(http_get(pages.address(), "/known")), "200") << "and goes on";
}

TEST(HttpServer, takes_requests_up_to_the_limit) {
    const Pages pages{{.request_bytes_max = 200}};
    const auto request_of = [](std::size_t size_bytes) {
        std::string request = "GET /known HTTP/1.1\r\nConnection: close\r\nA: ";
        return request + std::string(size_bytes - request.size() - 4, 'x') + "\r\n\r\n";
    };
    EXPECT_EQ(status_of(pages.response_to(request_of(200))), "200");
    EXPECT_EQ(status_of(pages.response_to(request_of(201))), "431");
}

TEST(HttpServer, closes_the_connection_of_who_is_slow) {
    const Pages pages{{.request_timeout = 50ms}};
    EXPECT_EQ(pages.response_to("GET /known HT"), "");
    EXPECT_EQ(pages.response_to(""), "");
    HttpPeer peer{pages.address()};
    peer.send("GET /known HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(status_of(peer.read_to_end()), "200") << "and of who asks no more";
}

TEST(HttpServer, says_that_a_body_is_late) {
    const Pages pages{{.body_bytes_max = 10, .request_timeout = 50ms}, say_again};
    const std::string head = "POST /known HTTP/1.1\r\nHost: x\r\n";
    EXPECT_EQ(status_of(pages.response_to(head + "Content-Length: 2\r\n\r\nx")), "408");
    EXPECT_EQ(status_of(pages.response_to(head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx")),
              "408");
    EXPECT_EQ(status_of(http_get(pages.address(), "/known")), "200") << "and goes on";
}

TEST(HttpServer, has_who_waits_for_a_word_send_the_body_or_refuses_it_at_once) {
    const Pages pages{{.body_bytes_max = 10}, say_again};
    const std::string waits = " /known HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n";
    HttpPeer peer{pages.address()};
    for (const std::string body : {"first", "second"}) {
        peer.send("POST" + waits + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n");
        EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        peer.send(body);
        EXPECT_EQ(status_of(peer.read_until(": " + body)), "200");
    }
    // Without a body there is nothing to wait for.
    peer.send("GET" + waits + "\r\n");
    EXPECT_EQ(status_of(peer.read_until("asked for /known")), "200");
    const std::string with_body = waits + "Content-Length: 5\r\n\r\n";
    EXPECT_EQ(status_of(pages.response_to("GET" + with_body)), "413");
    EXPECT_EQ(status_of(pages.response_to("PUT" + with_body)), "405");
    EXPECT_EQ(status_of(pages.response_to("POST" + waits + "Content-Length: 11\r\n\r\n")), "413");
}

TEST(HttpServer, closes_its_oldest_connection_over_the_limit) {
    const Pages pages{{.connections_max = 2}};
    HttpPeer silent{pages.address()};
    HttpPeer as_silent{pages.address()};
    HttpPeer asks{pages.address()};
    asks.send("GET /known HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(status_of(asks.read_until("asked for /known")), "200");
    EXPECT_EQ(silent.read_to_end(), "");
    as_silent.send("GET /known HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(status_of(as_silent.read_to_end()), "200");
}

TEST(HttpServer, says_when_the_address_cannot_be_had) {
    const Pages pages;
    AsioExecutor executor;
    const auto port = static_cast<std::uint16_t>(
        std::stoi(pages.address().substr(pages.address().find(':') + 1)));
    HttpServer other{
        executor, {.port = port}, [](const HttpServerRequest&) { return HttpServerResponse{}; }};
    const auto started = other.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::invalid_request);
    EXPECT_NE(started.error().message.find(pages.address()), std::string::npos);
}

}  // namespace
}  // namespace warren::transport
