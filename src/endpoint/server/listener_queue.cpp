#include "endpoint/server/listener_queue.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warren::endpoint {
namespace {

constexpr std::string_view type_argument = "x-queue-type";
constexpr std::size_t name_bytes_max = 255;  // [AMQP 0-9-1 4.2.5.3]
constexpr std::string_view reserved_prefix =
    "amq.";  // [AMQP 0-9-1 queue.declare, exchange.declare]
// Which every virtual host has.
constexpr std::string_view known_exchanges[] = {"amq.direct", "amq.fanout", "amq.topic",
                                                "amq.headers", "amq.match"};

std::expected<void, Failure> check_name(std::string_view what, const std::string& name) {
    if (name.size() > name_bytes_max) {
        return refused("The name of the " + std::string{what} + " has " +
                       std::to_string(name.size()) + " bytes, and may have " +
                       std::to_string(name_bytes_max));
    }
    const bool is_known =
        what == "exchange" && std::ranges::find(known_exchanges, name) != std::end(known_exchanges);
    if (name.starts_with(reserved_prefix) && !is_known) {
        return refused(
            "The " + std::string{what} + " '" + name +
            "' cannot be: names that begin with 'amq.' are the broker's; choose another");
    }
    return {};
}

/// Numbers that the broker demands of a queue.
struct NumberArgument {
    std::string_view name;
    std::int64_t least;
};
constexpr NumberArgument number_arguments[] = {
    {"x-message-ttl", 0}, {"x-expires", 1}, {"x-max-length", 0}, {"x-max-length-bytes", 0}};
constexpr std::string_view not_of_quorum[] = {"x-max-priority", "x-queue-mode"};

bool is_number_from(const Value& value, std::int64_t least) {
    return value.kind() == Value::Kind::uint64 ||
           (value.kind() == Value::Kind::int64 && value.as_int64() >= least);
}

std::expected<void, Failure> check_arguments(const Value& arguments, bool is_quorum) {
    if (!arguments.is_map()) {
        return {};
    }
    for (const auto& [name, least] : number_arguments) {
        const Value* const value = arguments.find(name);
        if (value != nullptr && !is_number_from(*value, least)) {
            return refused("The argument '" + std::string{name} +
                           "' of the queue must be a whole number of at least " +
                           std::to_string(least));
        }
    }
    for (const std::string_view name : not_of_quorum) {
        if (is_quorum && arguments.find(name) != nullptr) {
            return refused("A quorum queue cannot be with the argument '" + std::string{name} +
                           "'");
        }
    }
    return {};
}

std::expected<void, Failure> check_dead_letters(const ListenerOptions& options,
                                                const Address& address, bool is_quorum) {
    if (options.dead_letter_queue.value_or("").empty()) {
        return {};
    }
    const std::string& letters = *options.dead_letter_queue;
    if (!is_quorum) {
        return refused(
            "'dead_letter_queue' is of quorum queues: add 'queue_type: quorum', or give "
            "the arguments x-dead-letter-exchange and x-dead-letter-routing-key");
    }
    if (letters == queue_at_broker(address)) {
        return refused("The queue '" + letters +
                       "' cannot be its own 'dead_letter_queue': what it gave up would come again");
    }
    return check_name("dead_letter_queue", letters);
}

std::expected<void, Failure> check_names(const ListenerOptions& options, const Address& address) {
    auto checked = check_name("queue", queue_at_broker(address));
    for (const std::string& method : options.methods) {
        if (checked && address.protocol->method == MethodSource::by_exchange) {
            checked = check_name("exchange", method);
        }
    }
    return checked;
}

}  // namespace

void name_queue_type(ListenerOptions& options) {
    const Value& given = options.queue_arguments.value();
    const Value* const type = given.is_map() ? given.find(type_argument) : nullptr;
    if (type == nullptr || !type->is_text() ||
        options.queue_type.value_or(std::string{type->as_text()}) != type->as_text()) {
        return;
    }
    options.queue_type = type->as_text();
    std::vector<Member> others;
    for (const Member& member : given.as_map()) {
        if (!member.key.is_text() || member.key.as_text() != type_argument) {
            others.push_back(member);
        }
    }
    options.queue_arguments = others.empty() ? Dynamic{} : Dynamic{Value::map(others)};
}

std::expected<void, Failure> check_queue(const ListenerOptions& options, const Address& address) {
    const Value& arguments = options.queue_arguments.value();
    if (arguments.is_map() && arguments.find(type_argument) != nullptr) {
        return refused(
            "The queue's type stands twice, as the argument 'x-queue-type' and as 'queue_type', "
            "and differs: give one of them");
    }
    const std::string type = options.queue_type.value_or("classic");
    if (type == "stream") {
        return refused(
            "A stream keeps what was read and cannot be a queue of requests: 'x-queue-type', or "
            "'queue_type', is classic or quorum");
    }
    if (type != "classic" && type != "quorum") {
        return refused("Unknown type '" + type +
                       "' of the queue, as 'x-queue-type' or 'queue_type'; known are: classic, "
                       "quorum");
    }
    if (type == "quorum") {
        const std::string_view wrong = !options.durable.value_or(true)       ? "'durable: false'"
                                       : options.exclusive.value_or(false)   ? "'exclusive: true'"
                                       : options.auto_delete.value_or(false) ? "'auto_delete: true'"
                                                                             : "";
        if (!wrong.empty()) {
            return refused("A quorum queue is durable, shared and stays: it cannot be with " +
                           std::string{wrong});
        }
    }
    if (auto checked = check_arguments(arguments, type == "quorum"); !checked) {
        return checked;
    }
    if (auto checked = check_dead_letters(options, address, type == "quorum"); !checked) {
        return checked;
    }
    return check_names(options, address);
}

std::string queue_at_broker(const Address& address) {
    const auto queue_of = address.protocol->queue_of;
    return queue_of == nullptr ? address.queue : queue_of(address.queue);
}

}  // namespace warren::endpoint
