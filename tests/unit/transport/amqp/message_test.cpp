#include "transport/amqp/message.hpp"

#include "protocol/owned_message.hpp"

#include <gtest/gtest.h>

namespace warren::transport {
namespace {

TEST(AmqpMessage, TellsAnEmptyCorrelationIdFromNone) {
    Arena arena;
    for (const auto& given : {std::optional<std::string_view>{}, std::optional{std::string_view{}},
                              std::optional{std::string_view{"c"}}}) {
        amqp::Delivery delivery;
        delivery.properties.correlation_id = given;
        const protocol::MessageView message = to_view(delivery, arena);
        EXPECT_EQ(to_properties(message).correlation_id, given);
        EXPECT_EQ(to_properties(protocol::OwnedMessage{message}.view()).correlation_id, given);
    }
}

}  // namespace
}  // namespace warren::transport
