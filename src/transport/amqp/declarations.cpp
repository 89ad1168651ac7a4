#include "transport/amqp/declarations.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <variant>

namespace warren::transport {
namespace {

std::string_view yes_or_no(bool value) noexcept {
    return value ? "yes" : "no";
}

std::string describe(const protocol::Exchange& exchange) {
    if (exchange.passive) {
        return fmt::format("The exchange '{}'", exchange.name);
    }
    return fmt::format("The exchange '{}' (type {}, durable {}, auto-delete {})", exchange.name,
                       exchange.type, yes_or_no(exchange.durable), yes_or_no(exchange.auto_delete));
}

std::string describe(const protocol::Queue& queue) {
    if (queue.passive) {
        return fmt::format("The queue '{}'", queue.name);
    }
    return fmt::format("The queue '{}' (durable {}, exclusive {}, auto-delete {})", queue.name,
                       yes_or_no(queue.durable), yes_or_no(queue.exclusive),
                       yes_or_no(queue.auto_delete));
}

template <typename Wanted>
bool is_any(const amqp::Event& event) noexcept {
    return std::holds_alternative<Wanted>(event);
}

}  // namespace

std::expected<void, Failure> Declarations::sent(const amqp::CommandResult<void>& result,
                                                std::string what) {
    if (!result) {
        return std::unexpected{explain(result.error(), what)};
    }
    waiting_.push_back(std::move(what));
    return {};
}

std::expected<void, Failure> Declarations::declare(amqp::ConnectionCore& core,
                                                   amqp::ChannelNumber channel,
                                                   const protocol::Exchange& exchange) {
    return sent(core.exchange_declare(channel, {.exchange = exchange.name,
                                                .type = exchange.type,
                                                .passive = exchange.passive,
                                                .durable = exchange.durable,
                                                .auto_delete = exchange.auto_delete,
                                                .arguments = exchange.arguments.value()}),
                describe(exchange));
}

std::expected<void, Failure> Declarations::declare(amqp::ConnectionCore& core,
                                                   amqp::ChannelNumber channel,
                                                   const protocol::Queue& queue) {
    return sent(core.queue_declare(channel, {.queue = queue.name,
                                             .passive = queue.passive,
                                             .durable = queue.durable,
                                             .exclusive = queue.exclusive,
                                             .auto_delete = queue.auto_delete,
                                             .arguments = queue.arguments.value()}),
                describe(queue));
}

std::expected<void, Failure> Declarations::bind(amqp::ConnectionCore& core,
                                                amqp::ChannelNumber channel,
                                                const protocol::Binding& binding,
                                                std::string_view queue) {
    const std::string_view bound = binding.queue.empty() ? queue : binding.queue;
    return sent(
        core.queue_bind(channel, {.queue = bound,
                                  .exchange = binding.exchange,
                                  .routing_key = binding.routing_key_is_queue
                                                     ? bound
                                                     : std::string_view{binding.routing_key}}),
        fmt::format("Binding the queue '{}' to the exchange '{}'", bound, binding.exchange));
}

std::expected<void, Failure> Declarations::declare_exchanges(amqp::ConnectionCore& core,
                                                             amqp::ChannelNumber channel,
                                                             const protocol::Topology& topology) {
    std::expected<void, Failure> asked;
    for (const protocol::Exchange& exchange : topology.exchanges) {
        asked = asked ? declare(core, channel, exchange) : asked;
    }
    return asked;
}

std::expected<void, Failure> Declarations::declare(amqp::ConnectionCore& core,
                                                   amqp::ChannelNumber channel,
                                                   const protocol::Topology& topology,
                                                   std::string_view queue) {
    auto asked = declare_exchanges(core, channel, topology);
    for (const protocol::Queue& declared : topology.queues) {
        asked = asked ? declare(core, channel, declared) : asked;
    }
    for (const protocol::Binding& binding : topology.bindings) {
        asked = asked ? bind(core, channel, binding, queue) : asked;
    }
    return asked;
}

std::expected<void, Failure> Declarations::set_prefetch(amqp::ConnectionCore& core,
                                                        amqp::ChannelNumber channel,
                                                        std::uint16_t count) {
    return sent(core.basic_qos(channel, {.prefetch_count = count}),
                fmt::format("A prefetch of {}", count));
}

std::expected<void, Failure> Declarations::consume(amqp::ConnectionCore& core,
                                                   amqp::ChannelNumber channel,
                                                   const amqp::BasicConsume& consume) {
    return sent(core.basic_consume(channel, consume),
                fmt::format("Consuming the queue '{}'", consume.queue));
}

std::expected<void, Failure> Declarations::cancel(amqp::ConnectionCore& core,
                                                  amqp::ChannelNumber channel,
                                                  std::string_view consumer_tag) {
    return sent(core.basic_cancel(channel, consumer_tag), "Cancelling the consumer");
}

bool Declarations::answered(const amqp::Event& event) {
    const bool response = is_any<amqp::ExchangeDeclared>(event) ||
                          is_any<amqp::QueueDeclared>(event) || is_any<amqp::QueueBound>(event) ||
                          is_any<amqp::QosSet>(event) || is_any<amqp::ConsumeStarted>(event) ||
                          is_any<amqp::ConsumeStopped>(event) ||
                          is_any<amqp::ConfirmSelected>(event);
    if (response && !waiting_.empty()) {
        waiting_.pop_front();
    }
    return response;
}

Failure explain(amqp::CommandError error, std::string_view what) {
    Failure failure{.code = Code::invalid_request};
    switch (error) {
    case amqp::CommandError::none:
    case amqp::CommandError::not_connected:
    case amqp::CommandError::channel_not_open:
        failure.code = Code::no_responder;
        failure.message = fmt::format("{} cannot be asked for: no connection", what);
        break;
    case amqp::CommandError::no_free_channel:
        failure.code = Code::overloaded;
        failure.message =
            fmt::format("{}: all channels of the connection are in use (channel_max)", what);
        break;
    case amqp::CommandError::short_string_too_long:
        failure.message =
            fmt::format("{}: a name, key or property is longer than AMQP's 255 bytes", what);
        break;
    case amqp::CommandError::not_encodable:
        failure.message =
            fmt::format("{}: an argument or header holds what no AMQP table can", what);
        break;
    case amqp::CommandError::frame_too_large:
        failure.message =
            fmt::format("{}: arguments or headers are larger than the broker's frame_max", what);
        break;
    case amqp::CommandError::body_too_large:
        failure.message =
            fmt::format("{}: the body is over the limit of one message (body_bytes_max)", what);
        break;
    case amqp::CommandError::out_of_memory:
        failure.code = Code::overloaded;
        failure.message = fmt::format("{}: no memory is left to send it", what);
        break;
    }
    return failure;
}

}  // namespace warren::transport
