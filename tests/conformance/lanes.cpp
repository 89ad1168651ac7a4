#include "conformance/lanes.hpp"

#include "support/rabbitmq.hpp"

#include <array>

namespace warren::conformance {
namespace {

constexpr std::size_t bytes_around_value = std::string_view{R"({"value":""})"}.size();

constexpr Dialect cyberfusion{.name = "cyberfusion",
                              .methods_per_queue = Dialect::Methods::many,
                              .positions = Dialect::Positions::refused,
                              .messages = Dialect::Messages::carried,
                              .text_frame_bytes = bytes_around_value};
constexpr Dialect tutorial{.name = "tutorial",
                           .methods_per_queue = Dialect::Methods::one,
                           .positions = Dialect::Positions::carried,
                           .messages = Dialect::Messages::dropped,
                           .text_frame_bytes = 0};

std::string memory() {
    return "memory:conformance";
}

std::string amqp() {
    return test::RabbitMq::shared().uri();
}

std::string amqps() {
    const test::RabbitMq& broker = test::RabbitMq::shared();
    return broker.tls_uri() + "?cacertfile=" + broker.certificate("ca.pem");
}

constexpr std::array all{
    Lane{"memory", memory, cyberfusion},
    Lane{"memory_durable_replies", memory, cyberfusion, "reply=durable"},
    Lane{"memory_tutorial", memory, tutorial},
    Lane{"amqp", amqp, cyberfusion},
    Lane{"amqp_direct_replies", amqp, cyberfusion, "reply=direct"},
    Lane{"amqp_durable_replies", amqp, cyberfusion, "reply=durable"},
    Lane{"amqp_tls", amqps, cyberfusion},
    Lane{"amqp_tutorial", amqp, tutorial},
};

}  // namespace

std::span<const Lane> lanes() {
    return all;
}

}  // namespace warren::conformance
