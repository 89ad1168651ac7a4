#include "protocol/arrpc_protocol.hpp"
#include "protocol/cyberfusion.hpp"
#include "protocol/msgpack_rpc_protocol.hpp"
#include "protocol/tutorial.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <string>

// A proxy may be given by callme what no other protocol has a place for.
namespace warren::protocol {
namespace {

class MixedArguments : public testing::Test {
protected:
    Call mixed() const { return call(members_); }
    Call by_name_alone() const { return call(std::span{members_}.last(1)); }

    static void expect_refusal(const Failure& failure) {
        EXPECT_EQ(failure.code, Code::invalid_request);
        ASSERT_EQ(failure.errors.size(), 1U);
        EXPECT_EQ(failure.errors[0].type, "mixed_arguments");
    }

private:
    static Call call(std::span<const Member> arguments) {
        return {.method = "m",
                .style = model::ArgumentStyle::mixed,
                .arguments = Value::map(arguments)};
    }

    std::array<Member, 2> members_{Member{Value::integer(0), Value::integer(5)},
                                   Member{Value::text("b"), Value::integer(6)}};
};

TEST_F(MixedArguments, AreRefusedWhereMessagesHaveNoPlaceForThem) {
    Arena arena;
    std::string body;
    for (const std::unique_ptr<MessageProtocol>& protocol :
         {make_cyberfusion_protocol(), make_tutorial_protocol("m")}) {
        SCOPED_TRACE(protocol->name());
        const auto refused = protocol->encode_call(mixed(), "queue", "caller", arena, body);
        ASSERT_FALSE(refused);
        expect_refusal(refused.error());
        EXPECT_TRUE(protocol->encode_call(by_name_alone(), "queue", "caller", arena, body));
    }
}

TEST_F(MixedArguments, AreRefusedWhereStreamsHaveNoPlaceForThem) {
    for (const std::unique_ptr<StreamProtocol>& protocol :
         {make_msgpack_rpc_protocol(), make_arrpc_protocol("m")}) {
        SCOPED_TRACE(protocol->name());
        StreamTicket ticket;
        std::string out = "kept";
        const auto refused = protocol->encode_call(mixed(), ticket, 0, out);
        ASSERT_FALSE(refused);
        expect_refusal(refused.error());
        EXPECT_EQ(out, "kept");
        EXPECT_TRUE(protocol->encode_call(by_name_alone(), ticket, 0, out));
    }
}

}  // namespace
}  // namespace warren::protocol
