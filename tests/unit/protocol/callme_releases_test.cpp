// What the released versions of callme send, under Python 3 and Python 2, and what they can read.
#include <warren/python_error.hpp>

#include "core/base64.hpp"
#include "format/json/json.hpp"
#include "format/pickle/pickle.hpp"
#include "protocol/callme.hpp"
#include "protocol/callme_exceptions.hpp"
#include "protocol/callme_pickle.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::protocol {
namespace {

constexpr std::string_view pickled = "application/x-python-serialize";

class CallmeReleases : public testing::Test {
protected:
    std::string shown(const Value& value) {
        std::string text;
        EXPECT_TRUE(format::json_encode(value, text));
        return text;
    }
    std::vector<Value> vectors(std::string_view file, std::string_view name) {
        texts_.push_back(std::make_unique<std::string>(warren::test::read_vector(file)));
        const auto found = format::json_decode(*texts_.back(), arena_)->find(name)->as_list();
        return {found.begin(), found.end()};
    }
    static std::string body_of(const Value& vector) {
        const auto octets = core::base64_decode(vector.find("body")->as_text());
        return std::string{octets->begin(), octets->end()};
    }
    static MessageView message(std::string_view body) {
        return {.exchange = "server_foo_ex",
                .content_type = pickled,
                .content_encoding = "binary",
                .correlation_id = "7",
                .reply_to = "client_olivia_ex_1",
                .body = bytes_of(body)};
    }
    std::string response_to(const std::string& request, const Response& response) {
        const MessageView asked = message(request);
        const auto call = protocol_->decode_call(asked, arena_);
        EXPECT_TRUE(call);
        ReplyAddress address{.reply_to = "client_olivia_ex_1", .correlation_id = "7"};
        protocol_->remember(asked, call ? &*call : nullptr, address);
        std::string body;
        EXPECT_TRUE(protocol_->encode_response(address, response, arena_, body));
        return body;
    }
    /// A failure on its way through a proxy: what one server raised, another's caller gets.
    std::string passed_on(const Failure& failure, const std::string& request) {
        const std::string reply = response_to(
            request,
            {.failure = failure.code,
             .message = failure.message,
             .data = failure.data->is_null() ? std::nullopt : std::optional{failure.data.value()}});
        return shown(protocol_->decode_response(message(reply), arena_).error().data.value());
    }
    std::string request(int protocol) {
        std::string body;
        EXPECT_TRUE(
            make_callme_protocol(CallmeFormat::pickle, {}, protocol)
                ->encode_call({.method = "add"}, "foo", "client_olivia_ex_1", arena_, body));
        return body;
    }

    Arena arena_;
    std::vector<std::unique_ptr<std::string>> texts_;
    const std::unique_ptr<MessageProtocol> protocol_ = make_callme_protocol(CallmeFormat::pickle);
};

TEST_F(CallmeReleases, RequestsWithoutKeywordsAreReadAndAnsweredInTheirProtocol) {
    const std::vector<Value> requests = vectors("callme_releases.json", "requests");
    ASSERT_EQ(requests.size(), 15U);
    for (const Value& vector : requests) {
        const std::string_view meaning = vector.find("meaning")->as_text();
        const std::string body = body_of(vector);
        const auto call = protocol_->decode_call(message(body), arena_);
        ASSERT_TRUE(call) << meaning;
        EXPECT_EQ(call->style, model::ArgumentStyle::positional);
        if (meaning.starts_with("add")) {
            EXPECT_EQ(std::string{call->method} + shown(call->arguments), "add[1,2]");
        } else if (meaning.starts_with("nested")) {
            EXPECT_EQ(std::string{call->method} + shown(call->arguments),
                      R"(examples.get_state_name["x",[1,2],null])");
        } else if (meaning.starts_with("echo")) {
            EXPECT_EQ(std::string{call->method} + shown(call->arguments), R"(echo["abc"])");
        } else {
            EXPECT_EQ(std::string{call->method} + shown(call->arguments), "madd[]");
        }
        for (const bool fails : {false, true}) {
            const std::string reply =
                response_to(body, fails ? Response{.failure = Code::no_such_method}
                                        : Response{.data = Value::integer(3)});
            EXPECT_EQ(static_cast<std::int64_t>(reply[1]), vector.find("protocol")->as_int64());
            const auto read = format::pickle_decode(bytes_of(reply), arena_, {}, callme_classes);
            ASSERT_TRUE(read);
            const format::PickleValue* const raised = read->value.find("exception_raised");
            ASSERT_NE(raised, nullptr) << "0.1.0 reads it of every response";
            EXPECT_EQ(raised->as_boolean(), fails);
            // Python 2's text is a byte string.
            EXPECT_EQ(reply.contains("U\x06result"), vector.find("python")->as_int64() == 2);
        }
    }
}

TEST_F(CallmeReleases, ResponsesAreReadWithAndWithoutTheirMark) {
    const std::vector<Value> responses = vectors("callme_releases.json", "responses");
    ASSERT_EQ(responses.size(), 17U);
    for (const Value& vector : responses) {
        const std::string_view meaning = vector.find("meaning")->as_text();
        const auto response = protocol_->decode_response(message(body_of(vector)), arena_);
        if (meaning.starts_with("success")) {
            ASSERT_TRUE(response) << meaning;
            EXPECT_EQ(shown(*response->data), meaning.ends_with("3") ? "3" : "null");
        } else {
            ASSERT_FALSE(response) << meaning;
            EXPECT_EQ(response.error().code, Code::failed);
            EXPECT_EQ(shown(response.error().data.value()),
                      meaning.starts_with("KeyError")
                          ? R"({"type":"KeyError","args":["f"]})"
                          : R"({"type":"ValueError","args":["bad value"]})");
        }
    }
}

TEST_F(CallmeReleases, PicklesOfPython2AreReadInEachProtocolAndClass) {
    const std::vector<Value> all = vectors("callme_python2.json", "pickled");
    ASSERT_EQ(all.size(), 84U);
    for (const Value& vector : all) {
        const std::string_view meaning = vector.find("meaning")->as_text();
        const std::string body = body_of(vector);
        if (vector.find("kind")->as_text() == "request") {
            const auto call = protocol_->decode_call(message(body), arena_);
            ASSERT_TRUE(call) << meaning << ' ' << call.error().errors.front().message;
            EXPECT_EQ(shown(call->arguments),
                      meaning == "mixed"
                          ? R"(["abc","café","café","/wA=",9223372036854775808,true,null,1.5,-7,)"
                            R"([1,"x"],{"k":"v"},["s"],"AP8="])"
                          : "[1,2]");
            EXPECT_TRUE(response_to(body, {.data = Value::text("abc")})
                            .contains("U\x03"
                                      "abc"));
            continue;
        }
        const auto response = protocol_->decode_response(message(body), arena_);
        if (meaning == "3") {
            EXPECT_EQ(shown(*response->data), "3");
            continue;
        }
        ASSERT_FALSE(response) << meaning;
        const std::string data = shown(response.error().data.value());
        EXPECT_EQ(data, meaning == "IOError" ? R"({"type":"IOError","args":[2,"gone","file"]})"
                        : meaning == "UnicodeDecodeError"
                            ? R"({"type":"UnicodeDecodeError","args":)"
                              R"(["utf8","/w==",0,1,"invalid start byte"]})"
                        : meaning.starts_with("Key") ? R"({"type":"KeyError","args":["f"]})"
                                                     : R"({"type":"StandardError","args":["s"]})");
    }
}

TEST_F(CallmeReleases, AnExceptionsTypeSurvivesAProxy) {
    for (const Value& vector : vectors("callme_releases.json", "responses")) {
        const auto response = protocol_->decode_response(message(body_of(vector)), arena_);
        if (!response) {
            EXPECT_EQ(passed_on(response.error(), request(4)),
                      shown(response.error().data.value()));
            EXPECT_EQ(passed_on(response.error(), request(2)),
                      shown(response.error().data.value()));
        }
    }
}

TEST_F(CallmeReleases, AHandlerChoosesTheException) {
    struct Case {
        std::string_view type;
        Dynamic args;
        std::string_view message;
        std::string_view raised;
    };
    const Dynamic place = Dynamic::list({"f", 1, 2, "text"});
    const Dynamic octets = Dynamic::bytes(bytes_of("\xff"));
    for (const Case& test : std::vector<Case>{
             {"KeyError", "no such user", "KeyError: no such user",
              R"({"type":"KeyError","args":["no such user"]})"},
             {"StopIteration", {}, "StopIteration", R"({"type":"StopIteration","args":[]})"},
             {"OSError", Dynamic::list({2, "gone"}), R"(OSError: [2,"gone"])",
              R"({"type":"OSError","args":[2,"gone"]})"},
             {"UnicodeDecodeError", Dynamic::list({"utf8", octets, 0, 1, "bad"}),
              R"(UnicodeDecodeError: ["utf8","/w==",0,1,"bad"])",
              R"({"type":"UnicodeDecodeError","args":["utf8","/w==",0,1,"bad"]})"},
             // Python could not make the next ones as they are, and its caller would wait for ever.
             {"UnicodeDecodeError", "bad", "UnicodeDecodeError: bad",
              R"({"type":"UnicodeError","args":["bad"]})"},
             {"UnicodeEncodeError", Dynamic::list({"a", 1}), R"(UnicodeEncodeError: ["a",1])",
              R"({"type":"UnicodeError","args":["a",1]})"},
             {"SyntaxError", Dynamic::list({"bad", 1}), R"(SyntaxError: ["bad",1])",
              R"({"type":"SyntaxError","args":["bad"]})"},
             {"TabError", Dynamic::list({"bad", place}), R"(TabError: ["bad",["f",1,2,"text"]])",
              R"({"type":"TabError","args":["bad",["f",1,2,"text"]]})"},
             {"BlockingIOError", Dynamic::list({1, "a", 3}), R"(BlockingIOError: [1,"a",3])",
              R"({"type":"BlockingIOError","args":[1,"a"]})"},
         }) {
        const Failure failure = python_error(test.type, test.args).failure();
        EXPECT_EQ(failure.code, Code::failed);
        EXPECT_EQ(failure.message, test.message);
        EXPECT_EQ(passed_on(failure, request(4)), test.raised);
    }
    for (const std::string_view type :
         {"NoSuchError", "SystemExit", "BaseException", "ExceptionGroup", ""}) {
        EXPECT_EQ(python_error(type, "x").code(), Code::internal) << type;
    }
}

TEST_F(CallmeReleases, DataThatOnlyResemblesAnExceptionIsNone) {
    for (const Dynamic& data :
         {Dynamic::map({{"type", "KeyError"}, {"args", "x"}}),
          Dynamic::map({{"type", "SystemExit"}, {"args", Dynamic::list({})}}),
          Dynamic::map({{"type", "Mine"}, {"args", Dynamic::list({})}}),
          Dynamic::map({{"type", "KeyError"}, {"args", Dynamic::list({})}, {"more", 1}}),
          Dynamic{}}) {
        EXPECT_EQ(passed_on({.code = Code::failed, .message = "m", .data = data}, request(4)),
                  R"({"type":"RuntimeError","args":["m"]})");
    }
    const Dynamic data = Dynamic::map({{"type", "KeyError"}, {"args", Dynamic::list({"x"})}});
    EXPECT_EQ(passed_on({.code = Code::conflict, .message = "m", .data = data}, request(4)),
              R"({"type":"RuntimeError","args":["m"]})");
}

TEST_F(CallmeReleases, Python2GetsExceptionsThatItHas) {
    const std::vector<Value> all = vectors("callme_python2.json", "pickled");
    const std::string of_2 = body_of(all.front());
    for (const auto& [type, raised] :
         {std::pair{"RecursionError", "Exception"}, std::pair{"TimeoutError", "OSError"},
          std::pair{"UnicodeTranslateError", "UnicodeError"}, std::pair{"KeyError", "KeyError"}}) {
        EXPECT_EQ(passed_on(python_error(type, "x").failure(), of_2),
                  R"({"type":")" + std::string{raised} + R"(","args":["x"]})");
    }
    EXPECT_EQ(passed_on(python_error("RecursionError", "x").failure(), request(2)),
              R"({"type":"RecursionError","args":["x"]})");
}

TEST_F(CallmeReleases, RequestsAreWrittenInTheProtocolThatAnOldServerReads) {
    for (int protocol = format::pickle_protocol_min; protocol <= format::pickle_protocol_max;
         ++protocol) {
        const std::string body = request(protocol);
        EXPECT_EQ(body.substr(0, 2), (std::string{'\x80', static_cast<char>(protocol)}));
        EXPECT_TRUE(protocol_->decode_call(message(body), arena_));
    }
}

}  // namespace
}  // namespace warren::protocol
