#include "protocol/msgpack_rpc_protocol.hpp"

#include "format/json/json.hpp"
#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "unit/protocol/protocol_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace warren::protocol::test {
namespace {

using namespace std::chrono_literals;
using State = StreamStep::State;

class MsgpackRpcProtocol : public testing::Test {
protected:
    Value json(std::string_view text) {
        return format::json_decode(arena_.copy(text), arena_).value();
    }
    std::string packed(std::string_view text) {
        std::string out;
        EXPECT_TRUE(format::msgpack_encode(json(text), out));
        return out;
    }
    std::string as_json(std::string_view bytes) {
        std::string text;
        EXPECT_TRUE(format::json_encode(*format::msgpack_decode(octets(bytes), arena_), text));
        return text;
    }
    /// Read one message with a new decoder.
    StreamStep read_call(std::string_view bytes) {
        calls_ = protocol_->make_call_decoder();
        return calls_->next(octets(bytes), 0, arena_);
    }
    StreamStep read_response(std::string_view bytes) {
        responses_ = protocol_->make_response_decoder();
        return responses_->next(octets(bytes), 0, arena_);
    }

    Arena arena_;
    std::unique_ptr<StreamProtocol> protocol_ = make_msgpack_rpc_protocol();
    std::unique_ptr<StreamCallDecoder> calls_ = protocol_->make_call_decoder();
    std::unique_ptr<StreamResponseDecoder> responses_ = protocol_->make_response_decoder();
};

constexpr std::string_view parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST_F(MsgpackRpcProtocol, CarriesAllThatACallHas) {
    const Call call{.method = "m",
                    .arguments = json(R"({"a": [1, "two", 3.5]})"),
                    .metadata = {.time_left = 1500ms,
                                 .attempt = 2,
                                 .idempotency_key = "k-1",
                                 .traceparent = parent,
                                 .tracestate = "a=1",
                                 .baggage = "b=2",
                                 .contract = "c",
                                 .priority = 7}};
    const std::string bytes = encoded_call(*protocol_, call, {.id = 4'000'000'000});
    EXPECT_EQ(as_json(bytes),
              R"([0,4000000000,"m",[{"a":[1,"two",3.5]},{"$warren":"named","timeout_ms":1500,)"
              R"("attempt":2,"key":"k-1","traceparent":")" +
                  std::string{parent} +
                  R"(","tracestate":"a=1","baggage":"b=2","contract":"c","priority":7,)"
                  R"("message":true}]])");
    read_byte_by_byte(*calls_, bytes, arena_);
    ASSERT_TRUE(calls_->call);
    EXPECT_EQ(calls_->ticket.id, 4'000'000'000U);
    EXPECT_TRUE(calls_->ticket.wants_response);
    EXPECT_EQ(calls_->call->method, call.method);
    EXPECT_EQ(calls_->call->style, call.style);
    EXPECT_EQ(calls_->call->arguments, call.arguments);
    EXPECT_EQ(calls_->call->metadata.time_left, call.metadata.time_left);
    EXPECT_EQ(calls_->call->metadata.attempt, call.metadata.attempt);
    for (const MetadataText& each : metadata_texts) {
        EXPECT_EQ(calls_->call->metadata.*each.text, call.metadata.*each.text) << each.name;
    }
    EXPECT_EQ(calls_->call->metadata.priority, 7);
}

TEST_F(MsgpackRpcProtocol, NotificationsAreNotAnswered) {
    const std::string bytes = encoded_call(
        *protocol_,
        {.method = "m", .style = model::ArgumentStyle::positional, .arguments = json("[1]")},
        {.id = 9, .wants_response = false});
    EXPECT_EQ(as_json(bytes), R"([2,"m",[1]])");
    EXPECT_EQ(read_call(bytes).state, State::complete);
    EXPECT_FALSE(calls_->ticket.wants_response);
    EXPECT_EQ(encoded_response(*protocol_, {.failure = Code::internal}, calls_->ticket), "");
}

TEST_F(MsgpackRpcProtocol, ForeignPeersGetNoMetadata) {
    const auto foreign = make_msgpack_rpc_protocol({.peer = RpcPeer::foreign});
    EXPECT_EQ(as_json(encoded_call(*foreign,
                                   {.method = "m",
                                    .arguments = json(R"({"a": 1})"),
                                    .metadata = {.time_left = 5ms,
                                                 .attempt = 2,
                                                 .idempotency_key = "k",
                                                 .traceparent = "t"}},
                                   {.id = 1})),
              R"([0,1,"m",[{"a":1}]])");
}

TEST_F(MsgpackRpcProtocol, AnswersSayWhichRequestTheyMean) {
    const StreamTicket ticket{.id = 300};
    const std::string success = encoded_response(*protocol_, {.data = json("[1]")}, ticket);
    read_byte_by_byte(*responses_, success, arena_);
    EXPECT_EQ(responses_->id(), 300U);
    EXPECT_EQ(responses_->response(ticket)->data, json("[1]"));

    const std::string failed = encoded_response(
        *protocol_, {.failure = Code::overloaded, .message = "Later", .retry_after = 250ms},
        ticket);
    read_byte_by_byte(*responses_, failed, arena_);
    EXPECT_EQ(responses_->id(), 300U);
    EXPECT_EQ(responses_->response(ticket).error(),
              (Failure{.code = Code::overloaded, .message = "Later", .retry_after = 250ms}));
}

TEST_F(MsgpackRpcProtocol, ARefusedRequestIsAnsweredAndTheNextOneRead) {
    for (const auto& [refused, type] :
         {std::pair{R"([0,8,"m",5])", "params_type"}, std::pair{R"([0,8,5,[]])", "method_type"},
          std::pair{R"([0,8,"m",[1],5])", "message_length"},
          std::pair{R"([0,8,"m"])", "message_length"}, std::pair{"[0,8]", "message_length"}}) {
        SCOPED_TRACE(refused);
        const std::string stream = packed(refused) + packed(R"([0,9,"m",[]])");
        const StreamStep first = read_call(stream);
        EXPECT_EQ(first.state, State::complete);
        EXPECT_EQ(calls_->ticket.id, 8U);
        EXPECT_TRUE(calls_->ticket.wants_response);
        EXPECT_EQ(calls_->call.error().code, Code::invalid_request);
        EXPECT_EQ(calls_->call.error().errors.at(0).type, type);
        EXPECT_EQ(calls_->next(octets(stream).subspan(first.size_bytes), 0, arena_).state,
                  State::complete);
        EXPECT_TRUE(calls_->call);
        EXPECT_EQ(calls_->ticket.id, 9U);
    }
    // A notification that cannot be read is nobody's to hear of.
    for (const char* const refused : {R"([2,"m",5])", R"([2,"m"])", R"([2,"m",[],5])"}) {
        EXPECT_EQ(read_call(packed(refused)).state, State::complete);
        EXPECT_FALSE(calls_->call);
        EXPECT_FALSE(calls_->ticket.wants_response);
    }
}

TEST_F(MsgpackRpcProtocol, ABrokenRequestIsAnsweredWhereItsIdCanBeRead) {
    struct Case {
        std::string bytes;
        std::string_view type;
        std::optional<std::uint32_t> id;
    };
    for (const Case& each : {
             Case{{"\x94\x00\x07\xa1m\xc1", 6}, "msgpack_invalid", 7},
             Case{{"\x94\x01\x07\xdb\xff\xff\xff\xff", 8}, "bytes_over_limit", {}},
             Case{{"\x94\x00\xff\xdb\xff\xff\xff\xff", 8}, "bytes_over_limit", {}},
             Case{{"\x94\xc1", 2}, "msgpack_invalid", {}},
             Case{"GET /", "message_type", {}},
             Case{packed("[1,1,null,5]"), "message_type", {}},
         }) {
        EXPECT_EQ(read_call(each.bytes).state, State::broken);
        ASSERT_FALSE(calls_->call);
        EXPECT_EQ(calls_->call.error().errors.at(0).type, each.type);
        EXPECT_EQ(calls_->ticket.wants_response, each.id.has_value()) << each.type;
        EXPECT_EQ(calls_->ticket.id, each.id.value_or(calls_->ticket.id));
    }
}

TEST_F(MsgpackRpcProtocol, ARequestOverALimitIsAnsweredAloneAndPassedOver) {
    const auto protocol = make_msgpack_rpc_protocol(
        {}, {.body_bytes_max = 60, .nesting_depth_max = 4, .value_count_max = 12});
    const std::string next = packed(R"([0,9,"m",[]])");
    struct Case {
        std::string bytes;
        std::string_view limit;
        std::optional<std::uint32_t> id;
    };
    for (const Case& each :
         {Case{packed(R"([0,7,"m",[")" + std::string(100, 'x') + "\"]]"), "body_bytes_max", 7},
          Case{packed(R"([0,7,"m",[[[[[1]]]]]])"), "nesting_depth_max", 7},
          Case{packed(R"([0,700,"m",[1,2,3,4,5,6,7,{"a":9}]])"), "value_count_max", 700},
          Case{packed(R"([2,"m",[[[[[1]]]]]])"), "nesting_depth_max", {}}}) {
        SCOPED_TRACE(each.limit);
        const std::string stream = each.bytes + next;
        for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
            const auto decoder = protocol->make_call_decoder();
            int refused = 0;
            std::size_t at = 0;
            for (std::size_t end : {cut, stream.size()}) {
                while (at < end) {
                    const StreamStep step =
                        decoder->next(octets(stream).subspan(at, end - at), 0, arena_);
                    if (step.state == State::need_more) {
                        break;
                    }
                    at += step.size_bytes;
                    if (step.state == State::complete && !decoder->call) {
                        ++refused;
                        EXPECT_EQ(decoder->ticket.wants_response, each.id.has_value());
                        EXPECT_EQ(decoder->ticket.id, each.id.value_or(decoder->ticket.id));
                        EXPECT_TRUE(to_string(decoder->call.error()).contains(each.limit));
                    } else if (step.state != State::skipped) {
                        ASSERT_EQ(step.state, State::complete);
                    }
                }
            }
            EXPECT_EQ(refused, 1) << cut;
            EXPECT_EQ(at, stream.size());
            EXPECT_TRUE(decoder->call);
            EXPECT_EQ(decoder->ticket.id, 9U);
        }
    }
}

TEST_F(MsgpackRpcProtocol, ARequestOverALimitThatHasNoEndEndsTheStream) {
    const std::string request{"\x94\x00\x07\xa1m\xdd\x0f\xff\xff\xff\x01\xc1", 12};
    const StreamStep step = read_call(request);
    EXPECT_EQ(step.state, State::complete);
    EXPECT_EQ(calls_->ticket.id, 7U);
    EXPECT_EQ(calls_->call.error().errors.at(0).type, "count_over_limit");
    EXPECT_EQ(calls_->next(octets(request).subspan(step.size_bytes), 0, arena_).state,
              State::broken);
    EXPECT_FALSE(calls_->ticket.wants_response) << "it has its answer";
}

TEST_F(MsgpackRpcProtocol, AClientReadsAnswersOnly) {
    EXPECT_EQ(read_response("HTTP/1.1 400 Bad Request").state, State::broken);
    EXPECT_EQ(responses_->failure().code, Code::contract_mismatch) << "another protocol's port";
    EXPECT_TRUE(responses_->failure().message.ends_with("check port, scheme and protocol"));
    // What is asked of it is refused, and concerns no call.
    EXPECT_EQ(read_response(packed(R"([0,1,"m",[]])")).state, State::complete);
    EXPECT_EQ(responses_->id(), 0U);
    EXPECT_TRUE(responses_->refusal().contains("no_such_method"));
    // One that cannot be read concerns its own call alone.
    for (const std::string& unreadable :
         {std::string{"\x94\x01\x07\xc0\xd4\x05.", 7}, packed("[1,7]"), packed("[1,7,null]"),
          packed("[1,7,null,5,6]"), packed(R"([1,7,null,5,{"$warren":"bare","message":5}])")}) {
        const StreamStep step = read_response(unreadable);
        EXPECT_EQ(step.state, State::complete);
        EXPECT_EQ(step.size_bytes, unreadable.size());
        EXPECT_EQ(responses_->id(), 7U);
        EXPECT_EQ(responses_->response({.id = 7}).error().code, Code::internal);
    }
    EXPECT_EQ(responses_->next(octets("\xc1"), 0, arena_).state, State::broken);
    EXPECT_EQ(responses_->failure().code, Code::internal) << "it has spoken the protocol before";
}

TEST_F(MsgpackRpcProtocol, AnAnswerOverALimitOfTheClientFailsItsCallAlone) {
    struct Case {
        core::Limits limits;
        std::string response;
        const char* named;
    };
    const std::string deep = packed("[1,7,null,[[[[1]]]]]");
    const std::string many = packed("[1,7,null,[1,2,3,4,5,6,7,8]]");
    const std::string wide = packed(R"([1,7,null,")" + std::string(200, 'x') + "\"]");
    const std::string next = packed("[1,8,null,true]");
    for (const Case& each : {Case{{.nesting_depth_max = 4}, deep, "nesting_depth_max"},
                             Case{{.value_count_max = 12}, many, "value_count_max"},
                             Case{{.body_bytes_max = wide.size() - 1}, wide, "body_bytes_max"}}) {
        const auto protocol = make_msgpack_rpc_protocol({}, each.limits);
        const std::string stream = each.response + next;
        // However it is cut.
        for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
            const auto decoder = protocol->make_response_decoder();
            std::string unread = stream;
            std::string input;
            std::vector<std::uint32_t> ids;
            while (!unread.empty()) {
                input += unread.substr(0, cut);
                unread.erase(0, std::min(cut, unread.size()));
                for (bool is_waiting = false; !is_waiting && !input.empty();) {
                    const StreamStep step = decoder->next(octets(input), 0, arena_);
                    ASSERT_NE(step.state, State::broken) << each.named << ' ' << cut;
                    is_waiting = step.size_bytes == 0;
                    if (step.state == State::complete) {
                        ids.push_back(decoder->id());
                        const auto response = decoder->response({.id = ids.back()});
                        ASSERT_EQ(response.has_value(), ids.back() == 8);
                        if (!response) {
                            EXPECT_EQ(response.error().code, Code::reply_over_limit);
                            EXPECT_NE(response.error().message.find(each.named), std::string::npos);
                            EXPECT_NE(response.error().message.find("this client"),
                                      std::string::npos);
                        }
                    }
                    input.erase(0, step.size_bytes);
                }
            }
            EXPECT_EQ(ids, (std::vector<std::uint32_t>{7, 8})) << each.named << ' ' << cut;
        }
    }
    // At the limits it is taken.
    const auto protocol = make_msgpack_rpc_protocol(
        {}, {.body_bytes_max = wide.size(), .nesting_depth_max = 5, .value_count_max = 13});
    for (const std::string& response : {deep, many, wide}) {
        const auto decoder = protocol->make_response_decoder();
        EXPECT_EQ(decoder->next(octets(response), 0, arena_).state, State::complete);
        EXPECT_TRUE(decoder->response({.id = 7}));
    }
}

TEST_F(MsgpackRpcProtocol, SaysThatNobodyWaitsForAnAnswer) {
    std::string out;
    ASSERT_TRUE(protocol_->encode_cancellation(4'000'000'000, Cancelled::always, 0, out));
    EXPECT_EQ(as_json(out), R"([2,"$warren.cancel",[4000000000]])");
    const StreamStep step = read_call(out);
    EXPECT_EQ(step.state, State::cancelled);
    EXPECT_EQ(step.size_bytes, out.size());
    EXPECT_EQ(calls_->ticket.id, 4'000'000'000U);
    EXPECT_EQ(calls_->cancelled, Cancelled::always);
    out.clear();
    ASSERT_TRUE(protocol_->encode_cancellation(7, Cancelled::if_begun, 0, out));
    EXPECT_EQ(as_json(out), R"([2,"$warren.cancel",[7,"begun"]])");
    EXPECT_EQ(read_call(out).state, State::cancelled);
    EXPECT_EQ(calls_->ticket.id, 7U);
    EXPECT_EQ(calls_->cancelled, Cancelled::if_begun);
    out.clear();
    EXPECT_FALSE(make_msgpack_rpc_protocol({.peer = RpcPeer::foreign})
                     ->encode_cancellation(1, Cancelled::always, 0, out));
    EXPECT_FALSE(make_msgpack_rpc_protocol({.one_way = true})
                     ->encode_cancellation(1, Cancelled::always, 0, out));
    EXPECT_TRUE(out.empty());
}

TEST_F(MsgpackRpcProtocol, ARequestHasNoKeysButText) {
    const std::string request{"\x94\x00\x07\xa1m\x91\x81\x05\x01", 9};
    EXPECT_EQ(read_call(request).state, State::complete);
    ASSERT_FALSE(calls_->call);
    EXPECT_EQ(calls_->ticket.id, 7U);
    EXPECT_EQ(calls_->call.error().errors.at(0).type, "key_not_text");
    EXPECT_NE(calls_->call.error().errors.at(0).message.find("the integer 5"), std::string::npos);
    // What a foreign server answers is taken as it is.
    EXPECT_EQ(read_response({"\x94\x01\x07\xc0\x81\x05\x01", 7}).state, State::complete);
    EXPECT_TRUE(responses_->response({.id = 7}));
}

TEST_F(MsgpackRpcProtocol, AClientPassesOverWhatAnswersNoCallOfIts) {
    for (const std::string& passed :
         {packed(R"([2,"changed",[1]])"), packed(R"([1,4294967296,null,3])"),
          packed(R"([1,-1,null,3])"), packed(R"([1,0,null,3])"),
          std::string{"\x93\x02\xa1m\x91\xd4\x05.", 8}}) {
        const StreamStep step = read_response(passed);
        EXPECT_EQ(step.state, State::complete);
        EXPECT_EQ(step.size_bytes, passed.size());
        EXPECT_EQ(responses_->id(), 0U);
        EXPECT_EQ(responses_->refusal(), "");
    }
    for (const std::string& asked : {packed(R"([0,9,"m",[]])"), packed(R"([0,9,5,[]])"),
                                     std::string{"\x94\x00\x09\xa1m\x91\xd4\x05.", 9}}) {
        EXPECT_EQ(read_response(asked).state, State::complete);
        EXPECT_EQ(responses_->id(), 0U);
        EXPECT_EQ(as_json(responses_->refusal()),
                  R"([1,9,{"code":"no_such_method","message":"This is a client, which has no )"
                  R"(methods"},null])");
    }
    EXPECT_EQ(responses_->next(octets(packed("[1,7,null,3]")), 0, arena_).state, State::complete);
    EXPECT_EQ(responses_->id(), 7U);
    EXPECT_EQ(responses_->refusal(), "");
    EXPECT_EQ(read_response(packed(R"([1,"7",null,3])")).state, State::broken);
    EXPECT_EQ(read_response(packed(R"([1,null,"what?",null])")).state, State::broken);
}

TEST_F(MsgpackRpcProtocol, AMessageGoesToWhoTakesIt) {
    const Response response{.message = "all well", .data = Value::integer(1)};
    read_call(encoded_call(*protocol_, {.method = "m", .arguments = json("{}")}, {.id = 7}));
    const std::string reply = encoded_response(*protocol_, response, calls_->ticket);
    EXPECT_EQ(as_json(reply), R"([1,7,null,1,{"$warren":"bare","message":"all well"}])");
    read_response(reply);
    EXPECT_EQ(responses_->response({.id = 7})->message, "all well");
    // Who says only how long it waits gets what the specification has.
    read_call(packed(R"([0,8,"m",[{},{"$warren":"named","timeout_ms":9}]])"));
    EXPECT_EQ(as_json(encoded_response(*protocol_, response, calls_->ticket)), "[1,8,null,1]");
}

TEST_F(MsgpackRpcProtocol, NamesTheLimitThatAMessageBreaks) {
    const auto protocol = make_msgpack_rpc_protocol({}, {.body_bytes_max = 40});
    const std::string text(100, 'x');
    const auto call_of = [&](std::size_t size) {
        return Call{.method = "m",
                    .style = model::ArgumentStyle::bare,
                    .arguments = Value::text(std::string_view{text}.substr(0, size))};
    };
    StreamTicket ticket{.id = 1};
    std::string out;
    // The metadata {"$warren": "bare", "message": true} has 23 bytes, and 6 are before the text's
    // head.
    ASSERT_TRUE(protocol->encode_call(call_of(10), ticket, 0, out));
    EXPECT_EQ(out.size(), 40U);
    const auto refused = protocol->encode_call(call_of(11), ticket, 0, out);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().errors.at(0).type, "body_too_long");
    EXPECT_EQ(out.size(), 40U);
    const Value long_text = Value::text(text);
    const std::string reply = encoded_response(*protocol, {.data = long_text}, ticket);
    EXPECT_EQ(read_response(reply).state, State::complete);
    EXPECT_EQ(responses_->response(ticket).error().message,
              "The reply has 106 bytes; at most 40 are sent (body_bytes_max)");
}

}  // namespace
}  // namespace warren::protocol::test
