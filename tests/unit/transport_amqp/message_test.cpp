#include "transport/amqp/message.hpp"

#include "protocol/message.hpp"

#include <gtest/gtest.h>

namespace warren::transport {
namespace {

TEST(AmqpMessage, TellsAnEmptyCorrelationIdFromNone) {
    Arena arena;
    for (const auto& given : {std::optional<std::string_view>{}, std::optional{std::string_view{}},
                              std::optional{std::string_view{"c"}}}) {
        amqp::Delivery delivery;
        delivery.properties.correlation_id = given;
        const protocol::Envelope message = to_envelope(delivery, arena);
        EXPECT_EQ(to_properties(message).correlation_id, given);
        EXPECT_EQ(to_properties(protocol::Message{message}.view()).correlation_id, given);
    }
}

}  // namespace
}  // namespace warren::transport
