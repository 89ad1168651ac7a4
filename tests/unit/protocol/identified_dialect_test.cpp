#include "protocol/identified_dialect.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "protocol/msgpack_rpc_dialect.hpp"
#include "unit/protocol/dialect_support.hpp"

namespace warren::protocol {
namespace {

using namespace std::string_literals;
using test::octets;

const std::string answer_7 = "\x94\x01\x07\xc0\xa2ok"s;  // [1, 7, nil, "ok"]

std::unique_ptr<StreamDialect> make_inner() {
    return make_msgpack_rpc_dialect({.peer = RpcPeer::foreign, .whole_messages = true});
}

TEST(IdentifiedDialect, PutsTheIdBeforeTheCall) {
    const auto inner = make_inner();
    const auto dialect = make_identified_dialect(make_inner());
    const Call call{.method = "add", .arguments = Value::map({})};
    StreamTicket ticket{.id = 0x01020304};
    std::string out = "before";
    ASSERT_TRUE(dialect->encode_call(call, ticket, 0, out));
    EXPECT_EQ(out, "before\x01\x02\x03\x04"s + test::encoded_call(*inner, call, ticket));
    EXPECT_EQ(dialect->name(), inner->name());
    EXPECT_EQ(dialect->answer_order(), AnswerOrder::any);
}

TEST(IdentifiedDialect, ReadsTheAnswerBehindTheId) {
    const auto decoder = make_identified_dialect(make_inner())->make_answer_decoder();
    Arena arena;
    const std::string message = "\0\0\0\x07"s + answer_7;
    const StreamStep step = decoder->next(octets(message), 0, arena);
    ASSERT_EQ(step.state, StreamStep::State::complete);
    EXPECT_EQ(step.size_bytes, 4 + answer_7.size());
    EXPECT_EQ(decoder->id(), 7U);
    const auto answer = decoder->answer({.id = 7});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->data->as_text(), "ok");
}

TEST(IdentifiedDialect, AnAnswerWithoutAnIdIsBroken) {
    const auto decoder = make_identified_dialect(make_inner())->make_answer_decoder();
    Arena arena;
    EXPECT_EQ(decoder->next(octets("\0\0\0"s), 0, arena).state, StreamStep::State::broken);
    EXPECT_EQ(decoder->failure().message, "an answer does not say which call it is for");
    EXPECT_EQ(decoder->next(octets("\0\0\0\x07\xc1"s), 0, arena).state, StreamStep::State::broken);
    EXPECT_NE(decoder->failure().message, "an answer does not say which call it is for");
}

}  // namespace
}  // namespace warren::protocol
