#include "protocol/callme.hpp"

#include "endpoint/address/address_parameters.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "transport/net/certificate_name.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

constexpr std::array<std::string_view, 7> callme_parameters{
    "server_id",         "format",          "pickle_protocol", "reply_durable", "reply_exclusive",
    "reply_auto_delete", "reply_queue_type"};
constexpr std::string_view formats[] = {"pickle", "json", "msgpack"};  // as CallmeFormat has them
constexpr ListenerKey listener_keys[] = {
    {.name = "server_id",
     .get = [](const ListenerOptions& options) { return options.callme.server_id; },
     .set = [](ListenerOptions& options,
               std::string_view text) { options.callme.server_id = text; },
     .is_required = true},
    {.name = "format",
     .get =
         [](const ListenerOptions& options) {
             const auto format = options.callme.format;
             return std::string{format ? formats[std::to_underlying(*format)] : ""};
         },
     .set =
         [](ListenerOptions& options, std::string_view text) {
             options.callme.format =
                 static_cast<CallmeFormat>(std::ranges::find(formats, text) - std::begin(formats));
         },
     .words = formats},
    {.name = "threaded",
     .get =
         [](const ListenerOptions& options) {
             return std::string{options.callme.threaded ? "true" : ""};
         },
     .set = [](ListenerOptions& options, std::string_view) { options.callme.threaded = true; },
     .is_flag = true}};
constexpr std::size_t threaded_default = 64;

/// What its addresses say beside all others.
struct CallmeParameters final : OwnParameters {
    CallmeFormat format = CallmeFormat::pickle;
    int pickle_protocol = format::pickle_protocol_default;  // of a client's requests
    protocol::TopologyOverrides reply_topology{};           // of a client's own

    bool reads_as(const OwnParameters& others) const noexcept override {
        return format == static_cast<const CallmeParameters&>(others).format;
    }
};

const CallmeParameters& own_of(const Address& address) {
    return static_cast<const CallmeParameters&>(*address.own);
}

std::expected<void, Failure> read(std::string_view key, std::string value, Address& address,
                                  CallmeParameters& own) {
    protocol::TopologyOverrides& replies = own.reply_topology;
    if (key == "server_id") {
        if (value.empty() || value.size() > protocol::callme_server_id_bytes_max) {
            return refused("A server_id has from 1 to " +
                           std::to_string(protocol::callme_server_id_bytes_max) + " bytes");
        }
        address.queue = std::move(value);
        return {};
    }
    if (key == "format") {
        return store(index_of(key, value, formats), own.format);
    }
    address.has_client_parameters = true;
    if (key == "pickle_protocol") {
        return store(
            read_number(key, value, format::pickle_protocol_min, format::pickle_protocol_max),
            own.pickle_protocol);
    }
    if (key == "reply_queue_type") {
        return store(index_of(key, value, protocol::queue_type_words),
                     replies.queue_type.emplace());
    }
    return store(read_flag(key, value), key == "reply_durable"     ? replies.durable
                                        : key == "reply_exclusive" ? replies.exclusive
                                                                   : replies.auto_delete);
}

/// Have a client's own queue be one that the broker takes: its connection's alone, or what the
/// address says.
std::expected<void, Failure> suit_replies(const Address& address,
                                          protocol::TopologyOverrides& replies) {
    if (!address.compat || replies.queue_type == QueueType::quorum ||
        replies.durable.value_or(false)) {
        return {};
    }
    if (replies.exclusive.value_or(true)) {
        replies.exclusive = true;
        return {};
    }
    if (replies.durable) {
        return refused(
            "The parameters 'reply_durable=false' and 'reply_exclusive=false' are together what "
            "RabbitMQ 4.3 refuses, and cannot be with 'compat=4.3': leave out one of them");
    }
    replies.durable = true;
    return {};
}

std::expected<Parameters, Failure> accept_callme_parameters(Parameters given, Address& address) {
    if (!address.queue.empty()) {
        return refused("The protocol callme names its queues itself: say server_id, not queue");
    }
    if (!address.method.empty() || address.reply_mode || !address.reply_queue.empty()) {
        return refused("'method', 'reply' and 'reply_queue' are not of the protocol callme");
    }
    const auto own = std::make_shared<CallmeParameters>();
    Parameters others;
    bool names_pickle_protocol = false;
    for (auto& [key, value] : given) {
        names_pickle_protocol |= key == "pickle_protocol";
        if (std::ranges::find(callme_parameters, key) == callme_parameters.end()) {
            others.emplace_back(std::move(key), std::move(value));
        } else if (auto taken = read(key, std::move(value), address, *own); !taken) {
            return std::unexpected{std::move(taken.error())};
        }
    }
    if (names_pickle_protocol && own->format != CallmeFormat::pickle) {
        return refused("The parameter 'pickle_protocol' is of format=pickle");
    }
    if (auto suited = suit_replies(address, own->reply_topology); !suited) {
        return std::unexpected{std::move(suited.error())};
    }
    address.own = own;
    return others;
}

std::expected<void, Failure> check_listener(const ListenerOptions& options,
                                            const Address& address) {
    if (address.queue.empty()) {
        return refused("The protocol callme needs the server's id, as in server_id=fooserver");
    }
    if (!options.queue.exchanges.empty()) {
        return refused("The protocol callme has one exchange: 'exchanges' is not of it");
    }
    if (!options.callme.threaded && options.max_simultaneous_requests.value_or(1) > 1) {
        return refused(
            "A callme server handles one request after the other unless it is 'threaded'");
    }
    return {};
}

/// As whom the broker knows a client.
/// err  throws Error (invalid_request): nothing says it
std::string amqp_user_of(const Address& address) {
    if (std::string user = address.user_at_broker(); !user.empty()) {
        return user;
    }
    const auto* const broker = std::get_if<transport::AmqpEndpoint>(&address.transport);
    if (broker == nullptr) {
        return "memory";
    }
    return value_or_throw(transport::certificate_common_name(
        broker->tls ? broker->tls->certificate_file : std::string{}));
}

}  // namespace

extern constinit const ProtocolDescriptor callme{
    .name = "callme",
    .at_brokers = true,
    .mixes_arguments = true,
    .metadata = carried_at_brokers,
    .compresses = true,
    .has_parts = true,
    .make_message =
        [](const Address& address, const std::string&, const core::Limits& limits) {
            return protocol::make_callme_protocol(own_of(address).format, limits,
                                                  own_of(address).pickle_protocol);
        },
    .server_key = "server_id",
    .queue_of = protocol::callme_queue_of,
    .exchange_of = protocol::callme_exchange_of,
    .reply_topology =
        [](const Address& address) {
            return protocol::callme_reply_topology(amqp_user_of(address),
                                                   own_of(address).reply_topology);
        },
    .requests_at_once = [](const ListenerOptions& options) -> std::size_t {
        return options.callme.threaded ? threaded_default : 1;
    },
    .parameters = callme_parameters,
    .accept_parameters = accept_callme_parameters,
    .listener_keys = listener_keys,
    .check_listener = check_listener,
};

}  // namespace warren::endpoint
