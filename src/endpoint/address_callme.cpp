#include "endpoint/address_parameters.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::array<std::string_view, 8> parameters{
    "server_id",     "format",          "pickle_protocol",   "amqp_user",
    "reply_durable", "reply_exclusive", "reply_auto_delete", "reply_queue_type"};
constexpr std::array<std::string_view, 3> formats{"pickle", "json", "msgpack"};
constexpr std::array<std::string_view, 2> queue_types{"classic", "quorum"};

std::expected<void, Failure> read_server_id(std::string value, Address& address) {
    if (value.empty() || value.size() > protocol::callme_server_id_bytes_max) {
        return refused("A server_id has from 1 to " +
                       std::to_string(protocol::callme_server_id_bytes_max) + " bytes");
    }
    address.queue = std::move(value);
    return {};
}

std::expected<void, Failure> read_flag(std::string_view key, std::string_view value,
                                       std::optional<bool>& flag) {
    const auto word = place_of(key, value, truths);
    if (!word) {
        return std::unexpected{word.error()};
    }
    flag = *word == 0;
    return {};
}

std::expected<void, Failure> read(std::string_view key, std::string value, Address& address) {
    protocol::TopologyOverrides& replies = address.reply_topology;
    if (key == "server_id") {
        return read_server_id(std::move(value), address);
    }
    if (key == "format") {
        const auto format = protocol::callme_format_named(value);
        if (!format) {
            return unknown("format", value, formats);
        }
        address.format = *format;
        return {};
    }
    if (key == "pickle_protocol") {
        const auto number =
            read_number(key, value, format::pickle_protocol_min, format::pickle_protocol_max);
        if (!number) {
            return std::unexpected{number.error()};
        }
        address.pickle_protocol = static_cast<int>(*number);
        return {};
    }
    if (key == "amqp_user") {
        address.amqp_user = std::move(value);
        return {};
    }
    if (key == "reply_queue_type") {
        if (std::ranges::find(queue_types, value) == queue_types.end()) {
            return unknown("queue type", value, queue_types);
        }
        replies.queue_type = std::move(value);
        return {};
    }
    return read_flag(key, value,
                     key == "reply_durable"     ? replies.durable
                     : key == "reply_exclusive" ? replies.exclusive
                                                : replies.auto_delete);
}

}  // namespace

std::span<const std::string_view> callme_parameters() noexcept {
    return parameters;
}

std::expected<Parameters, Failure> take_callme_parameters(Parameters given, Address& address) {
    if (!address.queue.empty()) {
        return refused("The protocol callme names its queues itself: say server_id, not queue");
    }
    if (!address.method.empty() || address.reply_mode || !address.reply_queue.empty()) {
        return refused("'method', 'reply' and 'reply_queue' are not of the protocol callme");
    }
    Parameters others;
    for (auto& [key, value] : given) {
        if (std::ranges::find(parameters, key) == parameters.end()) {
            others.emplace_back(std::move(key), std::move(value));
        } else if (auto taken = read(key, std::move(value), address); !taken) {
            return std::unexpected{std::move(taken.error())};
        }
    }
    if (address.pickle_protocol && address.format != protocol::CallmeFormat::pickle) {
        return refused("The parameter 'pickle_protocol' is of format=pickle");
    }
    return others;
}

}  // namespace warren::endpoint
