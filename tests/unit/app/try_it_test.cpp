#include "app/try_it.hpp"

#include "unit/docs/documents.hpp"

#include <gtest/gtest.h>

#include <future>
#include <limits>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

namespace warren::app {
namespace {

using namespace std::chrono_literals;
using transport::HttpServerRequest;
using transport::HttpServerResponse;

std::shared_ptr<const contract::Document> tried_document() {
    contract::Document made;
    made.models = {test::model_of("Login", {test::field_of("user", test::text_type()),
                                            test::field_of("password", test::text_type())})};
    made.methods = {test::method_of("login", test::model_type("Login"))};
    made.methods[0].part = test::text_type();
    return std::make_shared<const contract::Document>(std::move(made));
}

/// "Try it" with a target and a clock of the test's own.
class Trying {
public:
    explicit Trying(TryTarget target, TryIt::Options options = {}) {
        options.target = std::move(target);
        options.now = [this] { return now_; };
        try_it_ = std::make_unique<TryIt>(std::move(options));
        try_it_->publish(tried_document());
    }

    std::string token() {
        const HttpServerResponse given = try_it_->give_token(request_of("{}", "token"));
        return std::string{Dynamic::from_json(given.body)["token"].as_text()};
    }
    std::future<HttpServerResponse> start(std::string_view body, const std::string& token,
                                          std::string_view path = TryIt::path,
                                          std::stop_token gone = {}) {
        auto promise = std::make_shared<std::promise<HttpServerResponse>>();
        HttpServerRequest request = request_of(body, token);
        request.path = path;
        request.gone = std::move(gone);
        try_it_->call(request, transport::HttpResponder{[promise](HttpServerResponse response) {
                          promise->set_value(std::move(response));
                      }});
        return promise->get_future();
    }
    HttpServerResponse call(std::string_view body) { return start(body, token()).get(); }
    void pass(std::chrono::seconds time) { now_ += time; }

private:
    static HttpServerRequest request_of(std::string_view body, const std::string& token) {
        return {.path = TryIt::path, .body = body, .header = [token](std::string_view name) {
                    const std::map<std::string_view, std::string> headers{
                        {"Host", "localhost"},
                        {"Content-Type", "application/json"},
                        {"X-Warren-Try", token}};
                    const auto found = headers.find(name);
                    return found == headers.end() ? std::string{} : found->second;
                }};
    }

    TryGuard::Clock::time_point now_{};
    std::unique_ptr<TryIt> try_it_;
};

/// A response without the time that it took.
std::string told_of(const HttpServerResponse& response) {
    const std::size_t end = response.body.find(",\"seconds\":");
    return std::to_string(response.status) + " " +
           (end == std::string::npos ? response.body : response.body.substr(0, end) + "}");
}

constexpr std::string_view login_body =
    R"({"method": "login", "request": {"user": "ada", "password": "hunter2"}})";

TEST(TryIt, answers_with_what_came_of_the_call) {
    Trying trying{[](const TryCall& call) {
        EXPECT_EQ(call.method.name, "login");
        EXPECT_EQ(call.request["password"].as_text(), "hunter2");
        EXPECT_EQ(call.timeout, 30s);
        return TryReply{.response = Dynamic::map({{"of", call.request["user"].as_text()}}),
                        .parts = {"one", "hunter2"},
                        .message = "not hunter2"};
    }};
    const HttpServerResponse response = trying.call(login_body);
    EXPECT_EQ(told_of(response),
              R"(200 {"result":{"of":"ada"},"parts":["one","********"],"has_more_parts":false,)"
              R"("message":"not ********"})");
    EXPECT_EQ(response.content_type, "application/json");
    EXPECT_GE(Dynamic::from_json(response.body)["seconds"].as_float64(), 0);
}

TEST(TryIt, answers_with_a_failure_and_where_it_is) {
    Trying trying{[](const TryCall&) -> TryReply {
        throw Error{{.code = Code::invalid_request,
                     .message = "Not hunter2",
                     .errors = {{{"users", std::size_t{1}}, "Input: hunter2", "bad"}},
                     .data = Dynamic::map({{"echo", "hunter2"}}),
                     .peer_text = "hunter2?",
                     .retry_after = 5ms}};
    }};
    EXPECT_EQ(told_of(trying.call(login_body)),
              R"(200 {"code":"invalid_request","message":"Not ********","fields":)"
              R"([{"path":["users",1],"message":"Input: ********","type":"bad"}],)"
              R"("data":{"echo":"********"},"says":"********?","retry_after_ms":5})");
}

TEST(TryIt, answers_whatever_goes_wrong) {
    Trying fails{[](const TryCall&) -> TryReply { throw std::runtime_error{"hunter2"}; }};
    EXPECT_EQ(told_of(fails.call(login_body)),
              R"(200 {"code":"internal","message":"The call went wrong here","fields":[]})");
    Trying no_number{[](const TryCall&) {
        return TryReply{.response = std::numeric_limits<double>::quiet_NaN()};
    }};
    EXPECT_TRUE(told_of(no_number.call(login_body)).contains("no form in JSON"));
}

TEST(TryIt, refuses_what_is_no_call) {
    Trying trying{[](const TryCall&) { return TryReply{}; }};
    for (const std::string body :
         {"", "{", "[]", "{}", R"({"method": 5})", "{\"method\": \"\xFF\"}"}) {
        EXPECT_EQ(trying.call(body).status, 400U) << body;
    }
    EXPECT_EQ(told_of(trying.call(R"({"method": "no\u001bne"})")),
              "404 {\"refused\":\"There is no method 'no\\\\x1bne': load the page again if there "
              "was\"}\n");
    EXPECT_EQ(trying.start(login_body, "no token").get().status, 403U);
    EXPECT_EQ(trying.start(login_body, trying.token(), "/").get().status, 405U);
    const std::string nested = R"({"method": "login", "request": )" + std::string(1'000, '[') +
                               std::string(1'000, ']') + "}";
    EXPECT_EQ(trying.call(nested).status, 400U);
    EXPECT_EQ(told_of(trying.call(R"({"method": "login"})")).substr(0, 19),
              R"(200 {"result":null,)");
}

TEST(TryIt, makes_so_many_calls_in_a_minute) {
    Trying trying{[](const TryCall&) { return TryReply{}; }, {.calls_per_minute_max = 2}};
    EXPECT_EQ(trying.call(login_body).status, 200U);
    trying.pass(30s);
    EXPECT_EQ(trying.call(login_body).status, 200U);
    EXPECT_EQ(told_of(trying.call(login_body)),
              "429 {\"refused\":\"Only 2 calls are made in a minute: wait a little\"}\n");
    trying.pass(30s);
    EXPECT_EQ(trying.call(login_body).status, 200U);
    EXPECT_EQ(trying.call(login_body).status, 429U);
}

TEST(TryIt, makes_so_many_calls_at_once) {
    std::promise<void> goes_on;
    Trying trying{[may = goes_on.get_future().share()](const TryCall&) {
                      may.wait();
                      return TryReply{};
                  },
                  {.calls_at_once_max = 2}};
    auto first = trying.start(login_body, trying.token());
    auto second = trying.start(login_body, trying.token());
    EXPECT_TRUE(told_of(trying.call(login_body)).starts_with("503 {\"refused\":\"Only 2 calls"));
    goes_on.set_value();
    EXPECT_EQ(first.get().status, 200U);
    EXPECT_EQ(second.get().status, 200U);
    EXPECT_EQ(trying.call(login_body).status, 200U);
}

/// A call that ends once it is to stop.
TryReply until_stopped(const TryCall& call) {
    std::promise<void> stopped;
    const std::stop_callback notice{call.stop, [&stopped] { stopped.set_value(); }};
    stopped.get_future().wait();
    throw Error{Code::cancelled, "It is to stop"};
}

TEST(TryIt, stops_its_calls_when_it_ends) {
    std::future<HttpServerResponse> answer;
    {
        Trying trying{until_stopped};
        answer = trying.start(login_body, trying.token());
    }
    EXPECT_TRUE(told_of(answer.get()).contains("cancelled"));
}

TEST(TryIt, stops_the_call_of_who_has_gone) {
    Trying trying{until_stopped, {.calls_at_once_max = 1}};
    for (int call = 0; call < 2; ++call) {
        std::stop_source gone;
        auto answer = trying.start(login_body, trying.token(), TryIt::path, gone.get_token());
        EXPECT_EQ(trying.call(login_body).status, 503U);
        gone.request_stop();
        EXPECT_TRUE(told_of(answer.get()).contains("cancelled"));
    }
}

}  // namespace
}  // namespace warren::app
