#include "protocol/identified_protocol.hpp"

#include "protocol/msgpack_rpc_protocol.hpp"
#include "unit/protocol/protocol_support.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace warren::protocol {
namespace {

using namespace std::string_literals;
using test::octets;

const std::string response_7 = "\x94\x01\x07\xc0\xa2ok"s;  // [1, 7, nil, "ok"]

std::unique_ptr<StreamProtocol> make_inner() {
    return make_msgpack_rpc_protocol({.peer = RpcPeer::foreign, .whole_messages = true});
}

TEST(IdentifiedProtocol, PutsTheIdBeforeTheCall) {
    const auto inner = make_inner();
    const auto protocol = make_identified_protocol(make_inner());
    const Call call{.method = "add", .arguments = Value::map({})};
    StreamTicket ticket{.id = 0x01020304};
    std::string out = "before";
    ASSERT_TRUE(protocol->encode_call(call, ticket, 0, out));
    EXPECT_EQ(out, "before\x01\x02\x03\x04"s + test::encoded_call(*inner, call, ticket));
    EXPECT_EQ(protocol->name(), inner->name());
    EXPECT_EQ(protocol->response_order(), ResponseOrder::any);
}

TEST(IdentifiedProtocol, ReadsTheAnswerBehindTheId) {
    const auto decoder = make_identified_protocol(make_inner())->make_response_decoder();
    Arena arena;
    const std::string message = "\0\0\0\x07"s + response_7;
    const StreamStep step = decoder->next(octets(message), 0, arena);
    ASSERT_EQ(step.state, StreamStep::State::complete);
    EXPECT_EQ(step.size_bytes, 4 + response_7.size());
    EXPECT_EQ(decoder->id(), 7U);
    const auto response = decoder->response({.id = 7});
    ASSERT_TRUE(response);
    EXPECT_EQ(response->data->as_text(), "ok");
}

TEST(IdentifiedProtocol, AnAnswerWithoutAnIdIsBroken) {
    const auto decoder = make_identified_protocol(make_inner())->make_response_decoder();
    Arena arena;
    EXPECT_EQ(decoder->next(octets("\0\0\0"s), 0, arena).state, StreamStep::State::broken);
    EXPECT_EQ(decoder->failure().message, "an answer does not say which call it is for");
    EXPECT_EQ(decoder->next(octets("\0\0\0\x07\xc1"s), 0, arena).state,
              StreamStep::State::unreadable);
    EXPECT_NE(decoder->failure().message, "an answer does not say which call it is for");
}

}  // namespace
}  // namespace warren::protocol
