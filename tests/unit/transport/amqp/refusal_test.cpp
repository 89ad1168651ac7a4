#include "transport/amqp/refusal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace warren::transport {
namespace {

Failure explained(std::uint16_t code, const std::string& text, std::string_view doing) {
    AmqpEndpoint endpoint;
    endpoint.connection.login = amqp::PlainLogin{.user = "me", .password = "hush"};
    const Failure failure =
        explain(amqp::ChannelClosed{.code = code, .text = text}, endpoint, doing);
    EXPECT_EQ(failure.peer_text, text);
    EXPECT_FALSE(failure.message.contains("hush"));
    return failure;
}

// The texts are RabbitMQ's own.

TEST(RetryClass, ATimeOutOfTheBrokersIsNoDifferenceOfContracts) {
    struct Words {
        const char* text;
        const char* time;
    };
    // Of 3.8.15 and 3.8.16, and of 3.8.17 to 4.2, which all say the same.
    for (const Words& words :
         {Words{"PRECONDITION_FAILED - consumer ack timed out on channel 1", ""},
          Words{"PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout "
                "value used: 60000 ms. This timeout value can be configured, see consumers doc "
                "guide to learn more",
                ", 60000 ms"}}) {
        const Failure failure = explained(406, words.text, "");
        EXPECT_EQ(failure.code, Code::deadline_exceeded);
        EXPECT_EQ(failure.message,
                  "The broker at amqp://localhost:5672 took back requests that were not "
                  "acknowledged within its consumer_timeout" +
                      std::string{words.time} + ": raise that there, or let handlers end sooner");
    }
}

TEST(RetryClass, AnotherConnectionsQueueIsNoMatterOfCredentials) {
    const Failure failure =
        explained(405,
                  "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost "
                  "'/'. It could be originally declared on another connection or the exclusive "
                  "property value does not match that of the original declaration.",
                  "The queue 'q'");
    EXPECT_EQ(failure.code, Code::conflict);
    EXPECT_TRUE(failure.message.contains("is another connection's alone (exclusive)"));
}

TEST(RetryClass, AnExchangeThatTakesNoMessagesOfClientsIsNoMatterOfPermissions) {
    const Failure failure = explained(
        403,
        "ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'",
        "A reply");
    EXPECT_EQ(failure.code, Code::invalid_request);
    EXPECT_TRUE(failure.message.contains("takes messages of other exchanges alone (internal)"));
}

TEST(RetryClass, AQueueThatAnotherConsumerHasAloneIsNamedAsThat) {
    const Failure failure = explained(
        403, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use", "Consuming the queue 'q'");
    EXPECT_EQ(failure.code, Code::conflict);
    EXPECT_TRUE(failure.message.contains("it has another consumer"));
    EXPECT_FALSE(failure.message.contains("these replies"));
}

TEST(RetryClass, AReservedNameIsNoMatterOfPermissions) {
    const Failure queue =
        explained(403, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
                  "The queue 'amq.mine'");
    EXPECT_EQ(queue.code, Code::invalid_request);
    EXPECT_TRUE(queue.message.contains("names that begin with 'amq.' are the broker's"));
    const Failure exchange = explained(
        403, "ACCESS_REFUSED - operation not permitted on the default exchange", "The exchange ''");
    EXPECT_EQ(exchange.code, Code::invalid_request);
    EXPECT_TRUE(exchange.message.contains("the default exchange is the broker's"));
}

TEST(RetryClass, AMissingPermissionAndAnotherShapeStayWhatTheyAre) {
    const Failure refused = explained(
        403, "ACCESS_REFUSED - configure access to queue 'q' in vhost '/' refused for user 'me'",
        "The queue 'q'");
    EXPECT_EQ(refused.code, Code::unauthenticated);
    EXPECT_TRUE(refused.message.contains("user 'me' lacks the permission"));
    const Failure differs =
        explained(406,
                  "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': "
                  "received 'true' but current is 'false'",
                  "The queue 'q'");
    EXPECT_EQ(differs.code, Code::contract_mismatch);
    EXPECT_TRUE(differs.message.contains("'durable' is declared as 'true', but 'false' exists"));
}

TEST(RetryClass, WhoIsNotWhoTheyAreIsToldWhoTheyAre) {
    const Failure refused = explained(
        406, "PRECONDITION_FAILED - user_id property set to 'shop' but authenticated user was 'me'",
        "The request");
    EXPECT_EQ(refused.code, Code::unauthenticated);
    EXPECT_TRUE(refused.message.contains("that the broker at amqp://localhost:5672 knows, 'me'"))
        << refused.message;
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

TEST(RetryClass, AFeatureThatTheBrokerHasGivenUpNeedsAPerson) {
    const auto explained_end = [](std::uint16_t code, const std::string& text) {
        return explain(
            amqp::ConnectionClosed{.by = amqp::ClosedBy::server, .code = code, .text = text},
            AmqpEndpoint{});
    };
    const ConnectFailure queue = explained_end(
        541,
        "INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated.\nBy default, this "
        "feature is not permitted anymore.");
    EXPECT_EQ(queue.retry, RetryClass::permanent);
    EXPECT_EQ(queue.failure.code, Code::contract_mismatch);
    EXPECT_TRUE(queue.failure.message.contains("compat=4.3")) << queue.failure.message;
    EXPECT_TRUE(queue.failure.message.contains("durable: true"));
    const ConnectFailure other =
        explained_end(541, "INTERNAL_ERROR - Feature `global_qos` is deprecated.");
    EXPECT_EQ(other.failure.code, Code::contract_mismatch);
    EXPECT_TRUE(other.failure.message.contains("'global_qos'")) << other.failure.message;
    for (const char* const text :
         {"INTERNAL_ERROR", "INTERNAL_ERROR - Feature `x", "Feature `x` y"}) {
        EXPECT_EQ(explained_end(541, text).retry, RetryClass::passing) << text;
    }
    EXPECT_EQ(explained_end(320, "Feature `x` is deprecated").retry, RetryClass::passing);
}

}  // namespace
}  // namespace warren::transport
