#include "endpoint/address.hpp"

#include "core/uri.hpp"
#include "endpoint/address_parameters.hpp"
#include "endpoint/dialects.hpp"
#include "endpoint/topic_pattern.hpp"
#include "transport/net/tls_context.hpp"
#include "transport/tcp/options.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren::endpoint {
namespace {

constexpr std::string_view memory_scheme = "memory:";
constexpr std::string_view tutorial_queue = "rpc_queue";
constexpr std::array<std::string_view, 3> protocols{cyberfusion, tutorial, callme};
constexpr std::array<std::string_view, 10> schemes{
    "memory", "amqp", "amqps", "tcp", "tls", "arrpc", "arrpcs", "zmq+tcp", "zmq+ipc", "zmq+inproc"};
constexpr std::array<std::string_view, 7> own_parameters{
    "queue", "protocol", "method", "reply", "reply_queue", "persistent", "nested_secrets"};
constexpr std::array<std::string_view, 3> reply_modes{"exclusive", "direct", "durable"};

/// Take out the parameters that are not the transport's own.
std::expected<Parameters, Failure> take_parameters(Parameters given, Address& address) {
    Parameters others;
    for (auto& [key, value] : given) {
        if (key == "queue") {
            address.queue = std::move(value);
        } else if (key == "protocol") {
            if (std::ranges::find(protocols, value) == protocols.end()) {
                return unknown("protocol", value, protocols);
            }
            address.protocol = std::move(value);
        } else if (key == "method") {
            address.method = std::move(value);
        } else if (key == "reply") {
            const auto* found = std::ranges::find(reply_modes, value);
            if (found == reply_modes.end()) {
                return unknown("value of the parameter 'reply',", value, reply_modes);
            }
            address.reply_mode = static_cast<ReplyMode>(found - reply_modes.begin());
        } else if (key == "reply_queue") {
            address.reply_queue = std::move(value);
        } else if (key == "persistent") {
            const auto word = place_of(key, value, truths);
            if (!word) {
                return std::unexpected{word.error()};
            }
            address.persistent = *word == 0;
        } else if (key == "nested_secrets") {
            const auto word = place_of(key, value, truths);
            if (!word) {
                return std::unexpected{word.error()};
            }
            address.nested_secrets = *word == 0;
        } else if (std::ranges::find(limit_parameters, key) != std::end(limit_parameters)) {
            if (auto taken = take_limit(key, value, address); !taken) {
                return std::unexpected{std::move(taken.error())};
            }
        } else {
            others.emplace_back(std::move(key), std::move(value));
        }
    }
    if (address.protocol == callme) {
        return take_callme_parameters(std::move(others), address);
    }
    return others;
}

/// All that an address at a broker may have, beside what is its transport's.
std::vector<std::string_view> parameters_of(const Address& address) {
    std::vector<std::string_view> known{own_parameters.begin(), own_parameters.end()};
    known.insert(known.end(), std::begin(limit_parameters), std::end(limit_parameters));
    if (address.protocol == callme) {
        known.insert(known.end(), callme_parameters().begin(), callme_parameters().end());
    }
    return known;
}

std::expected<core::Uri, Failure> parse_memory(std::string_view text) {
    const std::string_view rest = text.substr(memory_scheme.size());
    const std::string_view name = rest.substr(0, rest.find('?'));
    const bool is_host = !name.starts_with("//");
    // A name has the form of a host, so that one parser reads every address.
    auto uri = core::parse_uri(std::string{"memory:"} + (is_host ? "//" : "") + std::string{rest});
    if (uri && (uri->host.empty() || !uri->user.empty() || uri->port || !uri->path.empty())) {
        return refused("An address in memory is memory:NAME, such as memory:quick");
    }
    return uri;
}

std::expected<void, Failure> read_memory(core::Uri uri, Address& address) {
    const Parameters given = uri.query;
    auto others = take_parameters(std::move(uri.query), address);
    if (!others) {
        return std::unexpected{std::move(others.error())};
    }
    if (!others->empty()) {
        return unknown_parameter(given, others->front().first, parameters_of(address));
    }
    if (address.reply_mode == ReplyMode::direct) {
        return refused("Direct replies are RabbitMQ's; in memory 'reply' is exclusive or durable");
    }
    address.place = MemoryAddress{uri.host};
    if (address.queue.empty() && address.protocol != callme) {
        address.queue = uri.host;
    }
    return {};
}

std::expected<void, Failure> read_amqp(core::Uri uri, Address& address) {
    const Parameters given = uri.query;
    auto others = take_parameters(std::move(uri.query), address);
    if (!others) {
        return std::unexpected{std::move(others.error())};
    }
    std::vector<std::string_view> known = parameters_of(address);
    const auto transport = transport::amqp_parameters();
    known.insert(known.end(), transport.begin(), transport.end());
    for (const auto& [key, value] : *others) {
        if (std::ranges::find(known, key) == known.end()) {
            return unknown_parameter(given, key, known);
        }
    }
    uri.query = std::move(*others);
    auto broker = transport::amqp_endpoint(uri);
    if (!broker) {
        return std::unexpected{std::move(broker.error())};
    }
    address.place = std::move(*broker);
    if (address.queue.empty() && address.protocol != callme) {
        if (address.protocol != tutorial) {
            return refused("Name the server's queue in the address, as in ...?queue=NAME");
        }
        address.queue = tutorial_queue;
    }
    return {};
}

}  // namespace

bool Address::is_one_way() const noexcept {
    const auto* const zmq = std::get_if<ZmqAddress>(&place);
    return zmq != nullptr && zmq->is_one_way();
}

bool Address::has_client_parameters() const noexcept {
    return reply_mode || body_bytes_max || nesting_depth_max || value_count_max || persistent ||
           !reply_queue.empty() || nested_secrets || pickle_protocol || !amqp_user.empty() ||
           reply_topology.durable || reply_topology.exclusive || reply_topology.auto_delete ||
           reply_topology.queue_type;
}

std::string Address::display() const {
    if (const auto* memory = std::get_if<MemoryAddress>(&place)) {
        return std::string{memory_scheme} + memory->name;
    }
    if (const auto* amqp = std::get_if<transport::AmqpEndpoint>(&place)) {
        return amqp->display();
    }
    if (const auto* zmq = std::get_if<ZmqAddress>(&place)) {
        return display_zmq(zmq->endpoints);
    }
    std::string text;
    for (const HostPort& server : std::get<DirectAddress>(place).servers) {
        text += text.empty() ? display(server)
                             : "," + transport::host_and_port(server.host, server.port);
    }
    return text;
}

std::string Address::display(const HostPort& server) const {
    const bool is_secured = std::get<DirectAddress>(place).is_secured;
    const std::string_view scheme = protocol == arrpc ? (is_secured ? "arrpcs" : "arrpc")
                                    : is_secured      ? "tls"
                                                      : "tcp";
    return std::string{scheme} + "://" + transport::host_and_port(server.host, server.port);
}

std::expected<void, Failure> check_tls_files(const Address& address) {
    const std::optional<transport::TlsOptions>* tls = nullptr;
    if (const auto* const broker = std::get_if<transport::AmqpEndpoint>(&address.place)) {
        tls = &broker->tls;
    } else if (const auto* const direct = std::get_if<DirectAddress>(&address.place)) {
        tls = &direct->tls;
    }
    if (tls != nullptr && *tls) {
        if (auto fault = transport::find_tls_fault(**tls)) {
            return std::unexpected{std::move(fault->failure)};
        }
    }
    return {};
}

std::expected<Address, Failure> parse_address(std::string_view given, AddressRole role) {
    const std::string lowered = core::with_lower_scheme(given);
    const std::string_view text = lowered;
    for (const std::string_view scheme : direct_schemes) {
        if (text.starts_with(std::string{scheme} + "://")) {
            return parse_direct(text, scheme);
        }
    }
    for (const std::string_view scheme : zmq_schemes) {
        if (text.starts_with(std::string{scheme} + "://")) {
            return parse_zmq(text, role);
        }
    }
    Address address;
    const bool in_memory = text.starts_with(memory_scheme);
    auto uri = in_memory ? parse_memory(text) : core::parse_uri(text);
    if (!uri) {
        return std::unexpected{std::move(uri.error())};
    }
    if (!in_memory && std::ranges::find(schemes, uri->scheme) == schemes.end()) {
        return unknown("scheme", uri->scheme, schemes);
    }
    auto read =
        in_memory ? read_memory(std::move(*uri), address) : read_amqp(std::move(*uri), address);
    if (read) {
        read = check_reply_queue(address.protocol, address.reply_queue);
    }
    if (!read) {
        return std::unexpected{std::move(read.error())};
    }
    return address;
}

}  // namespace warren::endpoint
