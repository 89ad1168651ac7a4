#include "endpoint/listener_queue.hpp"

#include "endpoint/dialects.hpp"

#include <algorithm>
#include <cstddef>
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

std::unexpected<Failure> refused(std::string message) {
    return std::unexpected{Failure{.code = Code::invalid_request, .message = std::move(message)}};
}

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

std::expected<void, Failure> check_names(const ListenerOptions& options, const Address& address) {
    // Of callme it is the server's id, and stands within the name.
    auto checked = address.protocol == callme ? std::expected<void, Failure>{}
                                              : check_name("queue", address.queue);
    for (const std::string& method : options.methods) {
        if (checked && address.protocol == cyberfusion) {
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
            "The queue's type stands twice, as queue_type and as the argument "
            "x-queue-type, and differs: give one of them");
    }
    const std::string type = options.queue_type.value_or("classic");
    if (type == "stream") {
        return refused(
            "A stream keeps what was read and cannot be a queue of requests: queue_type is "
            "classic or quorum");
    }
    if (type != "classic" && type != "quorum") {
        return refused("Unknown queue_type '" + type + "'; known are: classic, quorum");
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
    return check_names(options, address);
}

}  // namespace warren::endpoint
