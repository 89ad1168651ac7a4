#include "endpoint/address/address.hpp"

#include "core/uri.hpp"
#include "endpoint/address/address_parameters.hpp"
#include "endpoint/protocols/table.hpp"
#include "endpoint/server/topic_pattern.hpp"
#include "transport/net/tls_context.hpp"
#include "transport/tcp/options.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace warren::endpoint {
namespace {

constexpr std::string_view memory_scheme = "memory:";
constexpr std::array<std::string_view, 2> broker_schemes{"amqp", "amqps"};
constexpr std::string_view own_parameters[] = {"queue",
                                               "protocol",
                                               "method",
                                               "reply",
                                               "reply_queue",
                                               "persistent",
                                               "nested_secrets",
                                               "return_dropped",
                                               "peer",
                                               "amqp_user",
                                               "compat",
                                               shared_parameters[0],
                                               shared_parameters[1],
                                               shared_parameters[2],
                                               shared_parameters[3]};
constexpr std::size_t amqp_user_bytes_max = 255;  // [AMQP 0-9-1 1.1: a short string]
constexpr std::array<std::string_view, 3> reply_modes{"exclusive", "direct", "durable"};

/// in   key: one of `own_parameters`
std::expected<void, Failure> take(std::string_view key, std::string value, Address& address) {
    if (key == "protocol") {
        return accept_protocol(value, &ProtocolDescriptor::at_brokers, address);
    }
    if (key == "compat") {
        return store(index_of(key, value, protocol::broker_compat_words), address.compat.emplace());
    }
    address.has_client_parameters |= key != "queue" && key != "method";
    if (key == "reply") {
        return store(index_of(key, value, reply_modes), address.reply_mode.emplace());
    }
    if (key == "peer") {
        return store(index_of(key, value, peer_words), address.peer.emplace());
    }
    if (key == "amqp_user") {
        if (value.size() > amqp_user_bytes_max) {
            return refused("The parameter 'amqp_user' has at most " +
                           std::to_string(amqp_user_bytes_max) + " bytes");
        }
        address.amqp_user = std::move(value);
        return {};
    }
    if (key == "persistent" || key == "nested_secrets" || key == "return_dropped") {
        return store(read_flag(key, value), key == "persistent"       ? address.persistent
                                            : key == "nested_secrets" ? address.nested_secrets
                                                                      : address.return_dropped);
    }
    if (std::ranges::find(shared_parameters, key) != std::end(shared_parameters)) {
        return accept_shared(key, value, address);
    }
    (key == "queue"    ? address.queue
     : key == "method" ? address.method
                       : address.reply_queue) = std::move(value);
    return {};
}

/// Take out the parameters that are not the transport's own.
std::expected<Parameters, Failure> accept_parameters(Parameters given, Address& address) {
    Parameters others;
    address.protocol = find_protocol(&ProtocolDescriptor::at_brokers, {});
    for (auto& [key, value] : given) {
        if (std::ranges::find(own_parameters, key) == std::end(own_parameters)) {
            others.emplace_back(std::move(key), std::move(value));
        } else if (auto taken = take(key, std::move(value), address); !taken) {
            return std::unexpected{std::move(taken.error())};
        }
    }
    const auto accept_own = address.protocol->accept_parameters;
    return accept_own == nullptr ? others : accept_own(std::move(others), address);
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

std::expected<void, Failure> read_parameters(core::Uri uri, bool in_memory, Address& address) {
    const Parameters given = uri.query;
    auto others = accept_parameters(std::move(uri.query), address);
    if (!others) {
        return std::unexpected{std::move(others.error())};
    }
    const ProtocolDescriptor& protocol = *address.protocol;
    std::vector<std::string_view> known{std::begin(own_parameters), std::end(own_parameters)};
    known.insert(known.end(), protocol.parameters.begin(), protocol.parameters.end());
    if (!in_memory) {
        const auto transport = transport::amqp_parameters();
        known.insert(known.end(), transport.begin(), transport.end());
    }
    for (const auto& [key, value] : *others) {
        if (std::ranges::find(known, key) == known.end()) {
            return unknown_parameter(given, key, known);
        }
    }
    if (in_memory && address.reply_mode == ReplyMode::direct) {
        return refused("Direct replies are RabbitMQ's; in memory 'reply' is exclusive or durable");
    }
    if (address.queue.empty() && protocol.queue_of == nullptr) {
        address.queue = in_memory ? uri.host : std::string{protocol.queue_default};
    }
    uri.query = std::move(*others);
    if (in_memory) {
        address.transport = MemoryAddress{std::move(uri.host)};
    } else if (auto stored = store(transport::amqp_endpoint(uri), address.transport); !stored) {
        return stored;
    }
    if (address.queue.empty() && protocol.queue_of == nullptr) {
        return refused("Name the server's queue in the address, as in ...?queue=NAME");
    }
    if (auto checked = check_returns(address, address.reply_mode.value_or(ReplyMode::exclusive));
        !checked) {
        return checked;
    }
    return check_reply_queue(protocol, address.reply_queue);
}

std::expected<Address, Failure> parse_any(std::string_view given, AddressRole role) {
    const std::string lowered = core::with_lower_scheme(given);
    const std::string_view text = lowered;
    std::vector<std::string_view> schemes = stream_schemes();
    for (const std::string_view scheme : schemes) {
        if (text.starts_with(std::string{scheme} + "://")) {
            return parse_tcp(text, scheme);
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
    if (!in_memory && std::ranges::find(broker_schemes, uri->scheme) == broker_schemes.end()) {
        schemes.insert(schemes.begin(), broker_schemes.begin(), broker_schemes.end());
        schemes.insert(schemes.begin(), "memory");
        schemes.insert(schemes.end(), std::begin(zmq_schemes), std::end(zmq_schemes));
        return unknown("scheme", uri->scheme, schemes);
    }
    if (auto read = read_parameters(std::move(*uri), in_memory, address); !read) {
        return std::unexpected{std::move(read.error())};
    }
    return address;
}

std::expected<void, Failure> check_compression(const Address& address) {
    if (address.compression == format::Compression::none) {
        return {};
    }
    if (!address.protocol->compresses) {
        return refused("The parameter 'compress' is of the protocols " +
                       list_of(&ProtocolDescriptor::compresses));
    }
    if (!address.is_warren()) {
        return refused(
            "The parameter 'compress' is for servers that are known to be Warren's: say "
            "peer=warren");
    }
    return {};
}

}  // namespace

bool Address::is_warren() const noexcept {
    using protocol::RpcPeer;
    if (const auto* const tcp = std::get_if<TcpAddress>(&transport)) {
        return tcp->peer == RpcPeer::warren;
    }
    if (const auto* const zmq = std::get_if<ZmqAddress>(&transport)) {
        return zmq->peer == RpcPeer::warren;
    }
    // In memory nobody else is.
    const bool in_memory = std::holds_alternative<MemoryAddress>(transport);
    return peer.value_or(in_memory ? RpcPeer::warren : RpcPeer::foreign) == RpcPeer::warren;
}

std::string Address::user_at_broker() const {
    const auto* const broker = std::get_if<transport::AmqpEndpoint>(&transport);
    const auto* const login =
        broker == nullptr ? nullptr : std::get_if<amqp::PlainLogin>(&broker->connection.login);
    return amqp_user.value_or(
        login != nullptr && login->user.size() <= amqp_user_bytes_max ? login->user : "");
}

bool Address::broadcasts() const noexcept {
    const auto* const zmq = std::get_if<ZmqAddress>(&transport);
    return zmq != nullptr && zmq->distribution == ZmqDistribution::broadcast;
}

bool Address::is_one_way() const noexcept {
    const auto* const zmq = std::get_if<ZmqAddress>(&transport);
    return zmq != nullptr && zmq->is_one_way();
}

std::string Address::display() const {
    if (const auto* memory = std::get_if<MemoryAddress>(&transport)) {
        return std::string{memory_scheme} + memory->name;
    }
    if (const auto* amqp = std::get_if<transport::AmqpEndpoint>(&transport)) {
        return amqp->display();
    }
    if (const auto* zmq = std::get_if<ZmqAddress>(&transport)) {
        return display_zmq(zmq->endpoints);
    }
    std::string text;
    for (const HostPort& server : std::get<TcpAddress>(transport).servers) {
        text += text.empty() ? display(server)
                             : "," + transport::host_and_port(server.host, server.port);
    }
    return text;
}

std::string Address::display(const HostPort& server) const {
    const bool is_secured = std::get<TcpAddress>(transport).is_secured;
    return std::string{is_secured ? protocol->secured_scheme : protocol->scheme} + "://" +
           transport::host_and_port(server.host, server.port);
}

std::expected<void, Failure> check_returns(const Address& address, ReplyMode mode) {
    if (mode == ReplyMode::direct && address.protocol->reply_topology == nullptr &&
        address.return_dropped.value_or(false)) {
        return refused("Requests come back to a queue: 'return_dropped' is not of direct replies");
    }
    return {};
}

std::expected<void, Failure> check_tls_files(const Address& address) {
    const std::optional<transport::TlsOptions>* tls = nullptr;
    if (const auto* const broker = std::get_if<transport::AmqpEndpoint>(&address.transport)) {
        tls = &broker->tls;
    } else if (const auto* const tcp = std::get_if<TcpAddress>(&address.transport)) {
        tls = &tcp->tls;
    }
    if (tls != nullptr && *tls) {
        if (auto fault = transport::find_tls_fault(**tls)) {
            return std::unexpected{std::move(fault->failure)};
        }
    }
    return {};
}

std::expected<Address, Failure> parse_address(std::string_view given, AddressRole role) {
    auto address = parse_any(given, role);
    const auto checked = address ? check_compression(*address) : std::expected<void, Failure>{};
    return checked ? std::move(address) : std::unexpected{checked.error()};
}

}  // namespace warren::endpoint
