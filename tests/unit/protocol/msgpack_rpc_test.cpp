#include "protocol/msgpack_rpc.hpp"

#include "format/json/json.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace warren::protocol {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using State = RpcStep::State;
using model::ArgumentStyle;
using warren::test::octets;

class MsgpackRpc : public testing::Test {
protected:
    Value json(std::string_view text) {
        const auto value = format::json_decode(arena_.copy(text), arena_);
        EXPECT_TRUE(value) << text;
        return value.value_or(Value{});
    }

    std::string packed(std::string_view text) {
        std::string out;
        EXPECT_TRUE(format::msgpack_encode(json(text), out));
        return out;
    }

    /// The bytes stay until the end of the test.
    State read(std::string bytes) {
        kept_.push_back(std::make_unique<std::string>(std::move(bytes)));
        const std::string& input = *kept_.back();
        decoder_ = MsgpackRpcDecoder{};
        const RpcStep step = decoder_.next(octets(input), arena_);
        EXPECT_EQ(step.size_bytes,
                  step.state == State::broken || step.state == State::need_more ? 0 : input.size());
        return step.state;
    }

    State read_json(std::string_view text) { return read(packed(text)); }

    std::string_view refusal() const { return decoder_.failure().errors.at(0).type; }

    /// What a message says after it was written and read again, as JSON.
    std::string as_json(std::string_view bytes) {
        std::string text;
        EXPECT_TRUE(format::json_encode(*format::msgpack_decode(octets(bytes), arena_), text));
        return text;
    }

    std::string request(const Call& call, const RpcMetadata& metadata = {},
                        RpcPeer peer = RpcPeer::warren) {
        std::string out;
        EXPECT_TRUE(rpc_encode_request(7, call, metadata, peer, out));
        return out;
    }

    std::string response(const Response& sent) {
        std::string out;
        rpc_encode_response(7, sent, out);
        return out;
    }

    Arena arena_;
    std::vector<std::unique_ptr<std::string>> kept_;
    MsgpackRpcDecoder decoder_;
};

TEST_F(MsgpackRpc, reads_the_three_kinds) {
    ASSERT_EQ(read_json(R"([0, 4294967295, "add", [1, 2]])"), State::complete);
    EXPECT_EQ(decoder_.message().kind, RpcKind::request);
    EXPECT_EQ(decoder_.message().id, 4294967295U);
    EXPECT_EQ(decoder_.message().call.method, "add");
    EXPECT_EQ(decoder_.message().call.style, ArgumentStyle::positional);
    EXPECT_EQ(decoder_.message().call.arguments, json("[1, 2]"));
    EXPECT_FALSE(decoder_.message().call.metadata.time_left);

    ASSERT_EQ(read_json(R"([2, "log", ["text"]])"), State::complete);
    EXPECT_EQ(decoder_.message().kind, RpcKind::notification);
    EXPECT_EQ(decoder_.message().call.arguments, json(R"(["text"])"));

    ASSERT_EQ(read_json(R"([1, 7, null, {"a": 1}])"), State::complete);
    EXPECT_EQ(decoder_.message().kind, RpcKind::response);
    EXPECT_EQ(rpc_response(decoder_.message())->data, json(R"({"a": 1})"));
}

TEST_F(MsgpackRpc, reads_arguments_in_each_form) {
    ASSERT_EQ(read_json(R"([0, 1, "m", []])"), State::complete);
    EXPECT_EQ(decoder_.message().call.style, ArgumentStyle::positional);
    ASSERT_EQ(read_json(R"([0, 1, "m", {"a": 1}])"), State::complete);
    EXPECT_EQ(decoder_.message().call.style, ArgumentStyle::named);
    ASSERT_EQ(read_json(R"([0, 1, "m", [{"a": 1}]])"), State::complete);
    EXPECT_EQ(decoder_.message().call.style, ArgumentStyle::bare);
    EXPECT_EQ(decoder_.message().call.arguments, json(R"({"a": 1})"));
    // Two maps are two arguments, whatever is in them.
    ASSERT_EQ(read_json(R"([0, 1, "m", [{"a": 1}, {"timeout_ms": 1, "$warren": "named"}]])"),
              State::complete);
    EXPECT_EQ(decoder_.message().call.style, ArgumentStyle::positional);
    EXPECT_EQ(decoder_.message().call.arguments.as_list().size(), 2U);
    EXPECT_FALSE(decoder_.message().call.metadata.time_left);
}

TEST_F(MsgpackRpc, reads_metadata) {
    ASSERT_EQ(read_json(R"([0, 1, "m", [{"a": 1}, {"$warren": "named", "timeout_ms": 1500,
                            "attempt": 2, "key": "k-1", "later": [], "priority": 255,
                            "traceparent":
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "tracestate": "a=1", "baggage": "b=2", "contract": "c",
                            "auth": {"mac": "x"}}]])"),
              State::complete);
    const RpcMessage& message = decoder_.message();
    EXPECT_EQ(message.call.style, ArgumentStyle::named);
    EXPECT_EQ(message.call.arguments, json(R"({"a": 1})"));
    EXPECT_EQ(message.call.metadata.time_left, 1500ms);
    EXPECT_EQ(message.call.metadata.attempt, 2U);
    EXPECT_EQ(message.call.metadata.idempotency_key, "k-1");
    EXPECT_EQ(message.call.metadata.traceparent,
              "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    EXPECT_EQ(message.call.metadata.tracestate, "a=1");
    EXPECT_EQ(message.call.metadata.baggage, "b=2");
    EXPECT_EQ(message.call.metadata.contract, "c");
    EXPECT_EQ(message.call.metadata.priority, 255);
    EXPECT_EQ(message.metadata.auth, json(R"({"mac": "x"})"));
    // Of one message only.
    ASSERT_EQ(read_json(R"([0, 1, "m", [{"$warren": "positional"}]])"), State::complete);
    EXPECT_TRUE(decoder_.message().call.arguments.as_list().empty());
    EXPECT_TRUE(decoder_.message().call.metadata.idempotency_key.empty());
    ASSERT_EQ(read_json(R"([0, 1, "m", [{"$warren": "positional",
                            "timeout_ms": 18446744073709551615}]])"),
              State::complete);
    EXPECT_EQ(decoder_.message().call.metadata.time_left, 24h * 365);
    // A malformed trace is none.
    ASSERT_EQ(read_json(R"([0, 1, "m", [{"$warren": "positional", "traceparent": "00-ab-cd-01",
                            "tracestate": "a=1", "baggage": "b=2"}]])"),
              State::complete);
    EXPECT_EQ(first_asked(decoder_.message().call.metadata), "baggage");
}

TEST_F(MsgpackRpc, refuses_requests_that_are_wrong_and_goes_on) {
    struct Case {
        std::string_view text;
        std::string_view type;
    };
    for (const Case& each : {
             Case{R"([0, 9, 5, []])", "method_type"},
             Case{R"([0, 9, "m", 5])", "params_type"},
             Case{R"([0, 9, "m", null])", "params_type"},
             Case{R"([0, 9, "m", [{"$warren": 1}]])", "metadata_style"},
             Case{R"([0, 9, "m", [{"$warren": "named"}]])", "metadata_style"},
             Case{R"([0, 9, "m", [5, {"$warren": "named"}]])", "metadata_style"},
             Case{R"([0, 9, "m", [5, 6, {"$warren": "bare"}]])", "metadata_style"},
             Case{R"([0, 9, "m", [{"$warren": "positional", "timeout_ms": -1}]])", "metadata_type"},
             Case{R"([0, 9, "m", [{"$warren": "positional", "attempt": 0}]])", "metadata_type"},
             Case{R"([0, 9, "m", [{"$warren": "positional", "key": 5}]])", "metadata_type"},
             Case{R"([0, 9, "m", [{"$warren": "positional", "baggage": 5}]])", "metadata_type"},
             Case{R"([0, 9, "m", [{"$warren": "positional", "priority": 256}]])", "metadata_type"},
             Case{R"([0, 9, "m", [{"$warren": "positional", "priority": "5"}]])", "metadata_type"},
             Case{R"([0, 9, "m", [{"$warren": "positional", "auth": {}, "x": 1}]])",
                  "metadata_type"},
         }) {
        EXPECT_EQ(read_json(each.text), State::refused) << each.text;
        EXPECT_EQ(refusal(), each.type) << each.text;
        EXPECT_EQ(decoder_.message().id, 9U);
    }
    const std::string longest(255, 'm');
    const auto with_key = [&](const std::string& key) {
        return R"([0, 9, "m", [{"$warren": "positional", "key": ")" + key + "\"}]]";
    };
    EXPECT_EQ(read_json(with_key(longest)), State::complete);
    EXPECT_EQ(read_json(with_key(longest + "m")), State::refused);
    EXPECT_EQ(refusal(), "idempotency_key_too_long");
    EXPECT_EQ(read_json("[0, 9, \"" + longest + "\", []]"), State::complete);
    EXPECT_EQ(read_json("[0, 9, \"" + longest + "m\", []]"), State::refused);
    EXPECT_EQ(refusal(), "method_too_long");
    // What the reader refuses is answered, too, and the next message read.
    const std::string bad = "\x94\x00\x09\xa1m\x91\xa1\xff"s;
    EXPECT_EQ(read(bad), State::refused);
    EXPECT_EQ(refusal(), "text_not_utf8");
    EXPECT_EQ(decoder_.message().kind, RpcKind::request);
    EXPECT_EQ(decoder_.message().id, 9U);
    const std::string stream = bad + packed(R"([0, 10, "m", []])");
    EXPECT_EQ(decoder_.next(octets(stream), arena_).size_bytes, bad.size());
    EXPECT_EQ(decoder_.next(octets(stream).subspan(bad.size()), arena_).state, State::complete);
    EXPECT_EQ(decoder_.message().id, 10U);
}

TEST_F(MsgpackRpc, refuses_messages_of_a_wrong_length_and_goes_on) {
    struct Case {
        RpcKind kind;
        std::vector<std::string_view> texts;
        std::string_view form;
    };
    for (const Case& each :
         {Case{RpcKind::request,
               {"[0, 9]", R"([0, 9, "m"])", R"([0, 9, "m", [], 5])",
                R"([0, 9, "m", [], {"$warren": "bare"}])"},
               "A message should be [0, id, method, params]"},
          Case{RpcKind::response,
               {"[1, 9]", "[1, 9, null]", "[1, 9, null, 5, 6]", "[1, 9, null, 5, {}]",
                R"([1, 9, null, 5, {"$warren": "bare"}, 6])"},
               "A message should be [1, id, error, result]"},
          Case{RpcKind::notification,
               {"[2]", R"([2, "m"])", R"([2, 9, "m", []])"},
               "A message should be [2, method, params]"}}) {
        for (const std::string_view text : each.texts) {
            const std::string bytes = packed(text);
            const RpcStep step = decoder_.next(octets(bytes), arena_);
            EXPECT_EQ(step.state, State::refused) << text;
            EXPECT_EQ(step.size_bytes, bytes.size()) << text;
            EXPECT_EQ(refusal(), "message_length") << text;
            EXPECT_EQ(decoder_.failure().errors.at(0).message, each.form) << text;
            EXPECT_EQ(decoder_.message().kind, each.kind) << text;
            EXPECT_EQ(decoder_.message().id, each.kind == RpcKind::notification ? 0U : 9U) << text;
        }
    }
    EXPECT_EQ(read_json(R"([1, 9, null, 5, {"$warren": "bare", "key": 5}])"), State::refused);
    EXPECT_EQ(refusal(), "metadata_type");
    EXPECT_EQ(decoder_.message().id, 9U);
    EXPECT_EQ(read_json("[1, -1, null]"), State::refused) << "to nobody";
    EXPECT_EQ(decoder_.message().id, 0U);
}

TEST_F(MsgpackRpc, takes_a_methods_name_in_every_form_of_text_and_bytes) {
    const auto named = [](std::string_view head) {
        return "\x94\x00\x09"s + std::string{head} + "nap\x90";
    };
    for (const std::string& head : {"\xa3"s, "\xd9\x03"s, "\xda\x00\x03"s, "\xdb\x00\x00\x00\x03"s,
                                    "\xc4\x03"s, "\xc5\x00\x03"s, "\xc6\x00\x00\x00\x03"s}) {
        EXPECT_EQ(read(named(head)), State::complete);
        EXPECT_EQ(decoder_.message().call.method, "nap");
        EXPECT_EQ(read("\x93\x02" + named(head).substr(3)), State::complete);
        EXPECT_EQ(decoder_.message().call.method, "nap");
    }
    EXPECT_EQ(read("\x94\x00\x09\xc4\x01\xff\x90"s), State::refused);
    EXPECT_EQ(refusal(), "method_type");
    const std::string longest(255, 'm');
    EXPECT_EQ(read("\x94\x00\x09\xc4\xff"s + longest + "\x90"), State::complete);
    EXPECT_EQ(read("\x94\x00\x09\xc5\x01\x00"s + longest + "m\x90"), State::refused);
    EXPECT_EQ(refusal(), "method_too_long");
}

TEST_F(MsgpackRpc, ends_what_is_no_messagepack_rpc) {
    for (const std::string_view text :
         {"5", "{}", "[]", "[0]", R"([0, -1, "m", []])", R"([0, 4294967296, "m", []])",
          R"([0, "1", "m", []])", R"([3, 1, "m", []])", R"([-1, 1, "m", []])",
          R"(["0", 1, "m", []])", "[1]", "[1, null, null, 5]"}) {
        EXPECT_EQ(read_json(text), State::broken) << text;
        EXPECT_EQ(refusal(), "message_type");
    }
    EXPECT_EQ(read("GET / HTTP/1.1\r\n\r\n"), State::broken);
    EXPECT_EQ(read("\x94\xc1"s), State::broken);
    EXPECT_EQ(refusal(), "msgpack_invalid");
    EXPECT_EQ(read(std::string(1'000'000, '\x91')), State::broken);
    EXPECT_EQ(refusal(), "depth_over_limit");
    EXPECT_EQ(read("\x94\x00\x01\xa1m\xdd\xff\xff\xff\xff"s), State::broken);
    EXPECT_EQ(refusal(), "count_over_limit");
    EXPECT_EQ(read("\x94\x00\x01\xdb\xff\xff\xff\xff"s), State::broken);
    EXPECT_EQ(refusal(), "bytes_over_limit");
}

TEST_F(MsgpackRpc, gives_the_same_messages_however_they_are_cut) {
    const std::string stream = packed(R"([0, 1, "a", [1, "two", {"three": [3.5]}]])") +
                               packed(R"([1, 300, "error", null])") +
                               packed(R"([2, "n", [{"$warren": "positional", "key": "k"}]])");
    MsgpackRpcDecoder decoder;
    std::vector<RpcKind> kinds;
    std::size_t at = 0;
    std::string piece;
    for (std::size_t end = 0; end <= stream.size(); ++end) {
        piece = stream.substr(at, end - at);
        const RpcStep step = decoder.next(octets(piece), arena_);
        if (step.state == State::need_more) {
            EXPECT_GT(decoder.bytes_wanted(), piece.size());
            continue;
        }
        ASSERT_EQ(step.state, State::complete);
        EXPECT_EQ(step.size_bytes, piece.size());
        kinds.push_back(decoder.message().kind);
        at = end;
    }
    EXPECT_EQ(kinds, (std::vector{RpcKind::request, RpcKind::response, RpcKind::notification}));
    EXPECT_EQ(decoder.message().call.metadata.idempotency_key, "k");
}

TEST_F(MsgpackRpc, writes_plain_requests_as_the_specification_has_them) {
    EXPECT_EQ(
        as_json(request(
            {.method = "add", .style = ArgumentStyle::positional, .arguments = json("[1, 2]")})),
        R"([0,7,"add",[1,2]])");
    const Call named{
        .method = "add", .arguments = json(R"({"a": 1})"), .metadata = {.time_left = 5ms}};
    EXPECT_EQ(as_json(request(named, {}, RpcPeer::foreign)), R"([0,7,"add",[{"a":1}]])");
    EXPECT_EQ(as_json(request(named)),
              R"([0,7,"add",[{"a":1},{"$warren":"named","timeout_ms":5}]])");
    std::string out;
    ASSERT_TRUE(rpc_encode_notification(named, {}, RpcPeer::foreign, out));
    EXPECT_EQ(as_json(out), R"([2,"add",[{"a":1}]])");
}

TEST_F(MsgpackRpc, reads_back_every_call_it_writes) {
    const std::vector<RpcMetadata> metadata{{}, {.auth = json(R"({"mac": 1})")}};
    for (const std::string_view items :
         {"[]", "[1]", "[[]]", "[{}]", R"([{"a": 1}])", "[1, 2]", R"([{"$warren": "named"}])",
          R"([{"a": 1}, {"$warren": "named"}])", R"([1, {"$warren": "bare", "key": "x"}])"}) {
        for (const ArgumentStyle style :
             {ArgumentStyle::positional, ArgumentStyle::bare, ArgumentStyle::named}) {
            for (const RpcMetadata& each : metadata) {
                Call call{.method = "m", .style = style, .arguments = json(items)};
                if (style == ArgumentStyle::named) {
                    call.arguments =
                        json(R"({"$warren": "named", "b": )" + std::string{items} + "}");
                }
                if (!each.auth.is_null()) {
                    call.metadata.time_left = 60s;
                    call.metadata.attempt = 3;
                    call.metadata.idempotency_key = "k";
                    call.metadata.baggage = "b=2";
                    call.metadata.priority = 0;
                }
                ASSERT_EQ(read(request(call, each)), State::complete) << items;
                const RpcMessage& message = decoder_.message();
                EXPECT_EQ(message.id, 7U);
                EXPECT_EQ(message.call.method, "m");
                EXPECT_EQ(message.call.style, style) << items;
                EXPECT_EQ(message.call.arguments, call.arguments) << items;
                EXPECT_EQ(message.call.metadata.time_left, call.metadata.time_left);
                EXPECT_EQ(message.call.metadata.attempt, call.metadata.attempt);
                EXPECT_EQ(message.call.metadata.idempotency_key, call.metadata.idempotency_key);
                EXPECT_EQ(message.call.metadata.baggage, call.metadata.baggage);
                EXPECT_EQ(message.call.metadata.priority, call.metadata.priority);
                EXPECT_EQ(message.metadata.auth, each.auth);
            }
        }
    }
}

TEST_F(MsgpackRpc, the_code_of_a_signed_message_is_its_end) {
    const std::string mac(32, 'M');
    const std::vector<Member> auth{{Value::text("key"), Value::text("1")},
                                   {Value::text("mac"), Value::bytes(octets(mac))}};
    EXPECT_TRUE(request({.method = "m",
                         .arguments = json("{}"),
                         .metadata = {.time_left = 1s, .idempotency_key = "k", .traceparent = "t"}},
                        {.auth = Value::map(auth)})
                    .ends_with(mac));
    std::string out;
    rpc_encode_response(7, {.data = Value::integer(1)}, out, {.auth = Value::map(auth)});
    EXPECT_TRUE(out.ends_with(mac));
    ASSERT_EQ(read(out), State::complete);
    EXPECT_EQ(decoder_.message().metadata.auth, Value::map(auth));
}

TEST_F(MsgpackRpc, carries_a_message_to_who_takes_it) {
    const Call call{.method = "m", .arguments = json("{}")};
    EXPECT_EQ(as_json(request(call, {.accepts_message = true})),
              R"([0,7,"m",[{},{"$warren":"named","message":true}]])");
    ASSERT_EQ(read(request(call, {.accepts_message = true})), State::complete);
    EXPECT_TRUE(decoder_.message().metadata.accepts_message);
    ASSERT_EQ(read(request(call)), State::complete);
    EXPECT_FALSE(decoder_.message().metadata.accepts_message);

    const auto answered = [](const Response& sent) {
        std::string out;
        rpc_encode_response(7, sent, out, {.accepts_message = true});
        return out;
    };
    const Response sent{.message = "all well", .data = Value::integer(1)};
    EXPECT_EQ(as_json(answered(sent)), R"([1,7,null,1,{"$warren":"bare","message":"all well"}])");
    EXPECT_EQ(as_json(response(sent)), "[1,7,null,1]");
    EXPECT_EQ(as_json(answered({.data = Value::integer(1)})), "[1,7,null,1]");
    EXPECT_EQ(as_json(answered({.message = "OK", .data = Value::integer(1)})), "[1,7,null,1]");
    EXPECT_EQ(as_json(answered({.failure = Code::failed, .message = "no"})),
              R"([1,7,{"code":"failed","message":"no"},null])");
    ASSERT_EQ(read(answered(sent)), State::complete);
    EXPECT_EQ(rpc_response(decoder_.message())->message, "all well");
    ASSERT_EQ(read(answered({.data = Value::integer(1)})), State::complete);
    EXPECT_EQ(rpc_response(decoder_.message())->message, "OK");
}

TEST_F(MsgpackRpc, carries_answers_and_every_failure) {
    EXPECT_EQ(as_json(response({.data = json("[1]")})), "[1,7,null,[1]]");
    EXPECT_EQ(as_json(response({})), "[1,7,null,null]");
    const std::vector<FieldError> errors{{{"a", std::size_t{1}}, "Field required", "missing"}};
    const Response sent{.failure = Code::overloaded,
                        .message = "Too many",
                        .data = json(R"({"n": 1})"),
                        .errors = errors,
                        .retry_after = 250ms};
    EXPECT_EQ(as_json(response(sent)),
              R"([1,7,{"code":"overloaded","message":"Too many","errors":[{"location":["a",1],)"
              R"("message":"Field required","type":"missing"}],"data":{"n":1},)"
              R"("retry_after_ms":250},null])");
    ASSERT_EQ(read(response(sent)), State::complete);
    EXPECT_EQ(rpc_response(decoder_.message()).error(),
              (Failure{.code = Code::overloaded,
                       .message = "Too many",
                       .errors = errors,
                       .data = Dynamic{json(R"({"n": 1})")},
                       .retry_after = 250ms}));
}

TEST_F(MsgpackRpc, takes_foreign_errors) {
    ASSERT_EQ(read_json(R"([1, 7, "no\nway", null])"), State::complete);
    EXPECT_EQ(rpc_response(decoder_.message()).error(),
              (Failure{.code = Code::failed, .message = "no\\nway"}));
    ASSERT_EQ(read_json(R"([1, 7, [1, "x"], null])"), State::complete);
    EXPECT_EQ(rpc_response(decoder_.message()).error().code, Code::failed);
    EXPECT_EQ(rpc_response(decoder_.message()).error().data.value(), json(R"([1, "x"])"));
    ASSERT_EQ(read_json(R"([1, 7, {"code": "odd", "message": "m"}, null])"), State::complete);
    EXPECT_EQ(rpc_response(decoder_.message()).error().message, "m");
    ASSERT_EQ(read_json("[1, 7, false, 5]"), State::complete);
    EXPECT_FALSE(rpc_response(decoder_.message()));
}

TEST_F(MsgpackRpc, what_cannot_be_written_leaves_nothing_behind) {
    std::string out = "kept";
    const Value bad = Value::text("\xff");
    const auto refused = rpc_encode_request(
        1, {.method = "m", .style = ArgumentStyle::positional, .arguments = Value::list({&bad, 1})},
        {}, RpcPeer::warren, out);
    EXPECT_EQ(refused.error().code, Code::invalid_request);
    EXPECT_EQ(to_string(refused.error().errors.at(0).location), "[0]");
    EXPECT_EQ(out, "kept");
    ASSERT_EQ(read(response({.data = bad})), State::complete);
    EXPECT_EQ(rpc_response(decoder_.message()).error().code, Code::internal);
}

}  // namespace
}  // namespace warren::protocol
