#include "protocol/pyzmqrpc_reply.hpp"

#include <warren/dynamic.hpp>

#include "format/json/json.hpp"
#include "protocol/pyzmqrpc.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace warren::protocol::test {
namespace {

std::string reply(const Response& response, const core::Limits& limits = {}) {
    std::string out;
    pyzmqrpc_write_reply(response, limits, out);
    return out;
}

/// What a reply says, owning it.
struct Said {
    Arena arena;
    std::string json;
    std::expected<Response, Failure> response;

    explicit Said(std::string text, const core::Limits& limits = {})
        : json{std::move(text)},
          response{pyzmqrpc_read_reply(json, arena, PyzmqrpcReplies::read, limits)} {}
};

Failure failure_in(std::string json) {
    const Said said{std::move(json)};
    EXPECT_FALSE(said.response) << said.json;
    return said.response ? Failure{} : said.response.error();
}

std::int64_t status_of(const std::string& json) {
    Arena arena;
    return format::json_decode(json, arena)->find("status_code")->as_int64();
}

TEST(PyzmqrpcReply, SuccessHasWhatThereIs) {
    EXPECT_EQ(reply({.message = message_default}),
              R"({"status_code": 200, "status_message": "OK"})");
    EXPECT_EQ(reply({.message = "done", .data = Value::null()}),
              R"({"status_code": 200, "status_message": "done"})");
    EXPECT_EQ(reply({.message = "OK", .data = Value::text("é")}),
              R"({"status_code": 200, "status_message": "OK", "response_message": "\u00e9"})");
    const Said nothing{reply({.message = "done"})};
    ASSERT_TRUE(nothing.response);
    EXPECT_EQ(nothing.response->message, "done");
    EXPECT_EQ(nothing.response->data, std::nullopt);
    const Said bare{R"({"status_code":200})"};
    ASSERT_TRUE(bare.response);
    EXPECT_EQ(bare.response->message, "OK");
    const Said null{R"({"status_code": 200, "response_message": null, "more": 1})"};
    EXPECT_EQ(null.response->data, Value::null());
}

TEST(PyzmqrpcReply, EveryFailureComesBackAsItIs) {
    const std::vector<FieldError> errors{
        {.location = {"a", std::size_t{0}}, .message = "Field required", .type = "missing"}};
    for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
        const Code sent = static_cast<Code>(code);
        const std::string json = reply({.failure = sent,
                                        .message = "it says so",
                                        .data = Value::integer(7),
                                        .errors = errors,
                                        .retry_after = std::chrono::milliseconds{5},
                                        .method = "A"});
        const Failure failure = failure_in(json);
        EXPECT_EQ(failure.code, sent) << json;
        EXPECT_EQ(failure.data, Dynamic{7});
        if (sent != Code::failed && sent != Code::no_such_method) {
            EXPECT_EQ(failure.message, "it says so");
            EXPECT_EQ(failure.errors, errors);
            EXPECT_EQ(failure.retry_after, std::chrono::milliseconds{5});
        }
    }
}

TEST(PyzmqrpcReply, StatusesAreThoseOfTheProtocol) {
    using namespace pyzmqrpc_status;
    const auto status = [](Code code) { return status_of(reply({.failure = code})); };
    EXPECT_EQ(status(Code::no_such_method), no_service);
    for (const Code code :
         {Code::no_responder, Code::connection_lost, Code::broker_blocked, Code::expired_in_queue,
          Code::deadline_exceeded, Code::unauthenticated}) {
        EXPECT_EQ(status(code), not_forwarded);
    }
    for (const Code code :
         {Code::invalid_request, Code::overloaded, Code::permission_denied, Code::contract_mismatch,
          Code::conflict, Code::cancelled, Code::failed, Code::internal}) {
        EXPECT_EQ(status(code), exception);
    }
}

TEST(PyzmqrpcReply, FieldErrorsAreSaidInWords) {
    const std::vector<FieldError> errors{
        {.location = {"a"}, .message = "Field required", .type = "missing"},
        {.location = {}, .message = "No", .type = "custom"}};
    const std::string json = reply({.failure = Code::invalid_request,
                                    .message = "Request validation failed",
                                    .errors = errors,
                                    .method = "Add"});
    Arena arena;
    EXPECT_EQ(format::json_decode(json, arena)->find("status_message")->as_text(),
              "Exception raised when calling service Add. Exception: Request validation failed: a: "
              "Field required; No ");
}

TEST(PyzmqrpcReply, AHandlersFailureHasTheFormOfPythonsAndItsData) {
    EXPECT_EQ(reply({.failure = Code::failed, .message = "no", .method = "A"}),
              R"({"status_code": 463, "status_message": "Exception raised when calling service A. )"
              R"(Exception: no "})");
    EXPECT_EQ(
        reply({.failure = Code::failed, .message = "no", .data = Value::integer(7), .method = "A"}),
        R"({"status_code": 463, "status_message": "Exception raised when calling service A. )"
        R"(Exception: no ", "response_message": 7})");
    const std::string odd = ". Exception: in it ";
    EXPECT_EQ(failure_in(reply({.failure = Code::failed, .message = odd, .method = "A"})).message,
              odd);
}

TEST(PyzmqrpcReply, WhatCannotBeSentIsInternal) {
    for (const Response& response :
         {Response{.message = "OK", .data = Value::text("\xff")}, Response{.message = "\xff"}}) {
        const Failure failure = failure_in(reply(response));
        EXPECT_EQ(failure.code, Code::internal);
        EXPECT_EQ(failure.message, "The reply holds a value that JSON cannot express");
    }
    EXPECT_EQ(failure_in(reply({.failure = Code::overloaded, .message = "\xff"})).message, "\\xff");
    const std::string text(100, 'x');
    const Response response{.message = "OK", .data = Value::text(text)};
    const std::size_t size = reply(response).size();
    EXPECT_TRUE(Said(reply(response, {.body_bytes_max = size})).response);
    const Failure failure = failure_in(reply(response, {.body_bytes_max = size - 1}));
    EXPECT_EQ(failure.code, Code::internal);
    EXPECT_EQ(failure.message, "The reply has " + std::to_string(size) + " bytes; at most " +
                                   std::to_string(size - 1) + " are sent (body_bytes_max)");
}

TEST(PyzmqrpcReply, StatusesOfOtherServersAreRead) {
    const auto status = [](std::string_view code, std::string_view message) {
        return failure_in(R"({"status_code": )" + std::string{code} + R"(, "status_message": ")" +
                          std::string{message} + "\"}");
    };
    EXPECT_EQ(status("463", "Something else"),
              (Failure{.code = Code::failed, .message = "Something else"}));
    EXPECT_EQ(status("463", "Exception raised when calling service A").message,
              "Exception raised when calling service A");
    const std::string whole(3'000, 'x');
    for (const char* const code : {"400", "451", "463"}) {
        EXPECT_EQ(status(code, whole).message, whole) << code;
    }
    EXPECT_TRUE(status("450", whole).message.ends_with(whole));
    const Failure proxied = status("482", "Error");
    EXPECT_EQ(proxied.code, Code::connection_lost);
    EXPECT_EQ(proxied.peer_text, "Error");
    EXPECT_EQ(status("450", "No function\\nname"),
              (Failure{.code = Code::failed,
                       .message = "The server answered with status code 450: No function\\nname"}));
    EXPECT_EQ(failure_in(R"({"status_code": 482, "status_message": "Error", "failure": )"
                         R"({"code": "unheard_of"}})")
                  .code,
              Code::connection_lost);
}

TEST(PyzmqrpcReply, WhatIsNoneIsInternalAndShown) {
    for (const std::string json :
         {"", "no", "[]", "{}", R"({"status_code": "200"})", R"({"status_code": 200.0})",
          R"({"status_code": true})", "eJyrVorPTM5NiVeyUohW", "{\"status_code\": 200}}"}) {
        const Failure failure = failure_in(json);
        EXPECT_EQ(failure.code, Code::internal) << json;
        EXPECT_TRUE(failure.message.starts_with("The server's answer cannot be read: "));
        EXPECT_EQ(failure.peer_text, json);
    }
    const std::string json = R"({"status_code": 200})";
    EXPECT_TRUE(Said(json, {.body_bytes_max = json.size()}).response);
    EXPECT_EQ(Said(json, {.body_bytes_max = json.size() - 1}).response.error().code,
              Code::reply_over_limit);
    EXPECT_EQ(Said("\x1b[31m", {.peer_text_bytes_max = 512}).response.error().peer_text,
              "\\x1b[31m");
}

}  // namespace
}  // namespace warren::protocol::test
