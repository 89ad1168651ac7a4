#include "transport/amqp/reply_trials.hpp"

#include <gtest/gtest.h>

#include <string>

#include "transport/amqp/refusal.hpp"

namespace warren::transport {
namespace {

TEST(ReplyTrials, TellsADirectAddressThatABrokerCanRead) {
    for (const char* const readable :
         {// as RabbitMQ 3.10 gives them out, of this node and of another one
          "amq.rabbitmq.reply-to.g1h2AA5yZXBseUAyOTgzNDU5NgAAAqUAAAAAawwbzA==.RBU/1HS/SCgncjc=",
          "amq.rabbitmq.reply-to.g1h3EHJhYmJpdEBlbHNld2hlcmUAAAECAAAAAAAAAAE=.RBU/1HS/SCgncjc=",
          // not taken apart: nobody is there
          "amq.rabbitmq.reply-to", "amq.rabbitmq.reply-to.", "amq.rabbitmq.reply-to.AAAA",
          "amq.rabbitmq.reply-to.AAAA.BBBB.CC", "a queue", ""}) {
        EXPECT_TRUE(is_readable(readable)) << readable;
    }
    const std::string prefix = "amq.rabbitmq.reply-to.";
    for (const char* const unreadable :
         {"AAAA.BBBB", "!!.x", ".x", "AAAAAAAA.BBBB", "gw==.x", "g1g=.x", "g1h2.x", "g1h2AA5y.x",
          // one byte less, one more
          "g1h2AA5yZXBseUAyOTgzNDU5NgAAAqUAAAAAawwb.x",
          "g1h2AA5yZXBseUAyOTgzNDU5NgAAAqUAAAAAawwbzAA=.x",
          // no identifier of a process
          "1lh2AA5yZXBseUAyOTgzNDU5NgAAAqUAAAAAawwbzA==.x"}) {
        EXPECT_FALSE(is_readable(prefix + unreadable)) << unreadable;
    }
}

TEST(RefusedSize, IsReadFromTheBrokersWords) {
    const auto size = refused_size(
        "PRECONDITION_FAILED - message size 600 is larger than configured max size 512");
    ASSERT_TRUE(size);
    EXPECT_EQ(size->bytes, 600U);
    EXPECT_EQ(size->bytes_max, 512U);
    for (const char* const other :
         {"", "message size ", "message size 600", "max size 512", "message size 1 max size 2",
          "PRECONDITION_FAILED - inequivalent arg 'durable'",
          "message size 99999999999999999999999 is larger than configured max size"}) {
        EXPECT_FALSE(refused_size(other)) << other;
    }
}

}  // namespace
}  // namespace warren::transport
