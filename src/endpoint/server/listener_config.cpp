#include "endpoint/server/listener_config.hpp"

#include "core/duration.hpp"
#include "core/percent.hpp"
#include "core/uri.hpp"
#include "endpoint/address/address_parameters.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/protocols/table.hpp"
#include "endpoint/server/listener_queue.hpp"
#include "endpoint/server/signers.hpp"
#include "endpoint/server/socket_place.hpp"
#include "transport/net/tls_context.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::size_t prefetch_max = 65'535;  // [AMQP 0-9-1 1.8.3]
constexpr std::size_t at_broker_default = 5;
constexpr std::size_t forwarded_default = 256;  // they hold no worker
constexpr std::size_t brokerless_default = 65'536;
constexpr std::size_t brokerless_max = std::size_t{1} << 24;

/// One that stands in the address already is refused when that is read.
void add(std::string& url, std::string_view key, std::string_view value) {
    if (!value.empty()) {
        add_parameter(url, key, value);
    }
}

void add_zmq(const ListenerZmq& zmq, std::string& url) {
    const auto word = [](const auto& words, const auto& chosen) {
        return chosen ? words[std::to_underlying(*chosen)] : std::string_view{};
    };
    const auto joined = [](const std::vector<std::string>& parts) {
        std::string text;
        for (const std::string& part : parts) {
            text += (&part == &parts.front() ? "" : ",") + part;
        }
        return text;
    };
    add(url, "socket", word(zmq_socket_words, zmq.socket));
    add(url, "side", word(zmq_side_words, zmq.side));
    add(url, "username", zmq.username);
    add(url, "password", zmq.password);
    add(url, "secret_key", zmq.secret_key);
    add(url, "client_keys", joined(zmq.client_keys));
    std::vector<std::string> names;
    std::ranges::transform(zmq.client_names, std::back_inserter(names), core::percent_encode);
    add(url, "client_names", joined(names));
    add(url, "server_key", zmq.server_key);
    add(url, "public_key", zmq.public_key);
    if (zmq.silence_timeout) {
        add(url, "silence_timeout", core::to_string(*zmq.silence_timeout));
    }
    if (zmq.high_water_mark) {
        add(url, "high_water_mark", std::to_string(*zmq.high_water_mark));
    }
    if (zmq.allow_shutdown) {
        add(url, "allow_shutdown", "true");
    }
}

std::string complete_url(const ListenerOptions& options) {
    std::string url = options.url;
    add(url, "queue", options.queue.name);
    add(url, "compat", options.queue.compat);
    add(url, "protocol", options.protocol);
    for (const ProtocolDescriptor* const protocol : protocols()) {
        for (const ListenerKey& key : protocol->listener_keys) {
            if (!key.is_flag) {
                add(url, key.name, key.get(options));
            }
        }
    }
    add_zmq(options.zmq, url);
    return url;
}

std::unexpected<Failure> one_method_wanted(const ProtocolDescriptor& protocol) {
    return refused("The protocol '" + std::string{protocol.name} +
                   "' has no method on the wire: name exactly one");
}

/// An option of a part that not every listener has.
struct PartOption {
    std::string_view name;
    bool (*is_set)(const ListenerOptions& options);
};

template <auto Part, auto Option>
bool is_set(const ListenerOptions& options) {
    static const ListenerOptions defaults;
    return options.*Part.*Option != defaults.*Part.*Option;
}

template <auto Option>
constexpr auto limit_is_set = &is_set<&ListenerOptions::limits, Option>;
template <auto Option>
constexpr auto tcp_is_set = &is_set<&ListenerOptions::tcp, Option>;

constexpr PartOption brokerless_options[] = {
    {"connections_max", limit_is_set<&ConnectionLimits::connections_max>},
    {"connection_requests_max", limit_is_set<&ConnectionLimits::connection_requests_max>},
    {"connection_requests_bytes_max",
     limit_is_set<&ConnectionLimits::connection_requests_bytes_max>},
    {"connection_answers_bytes_max", limit_is_set<&ConnectionLimits::connection_answers_bytes_max>},
    {"answers_bytes_max", limit_is_set<&ConnectionLimits::answers_bytes_max>}};
constexpr PartOption tcp_options[] = {
    {"handshake_timeout", tcp_is_set<&ListenerTcp::handshake_timeout>},
    {"idle_timeout", tcp_is_set<&ListenerTcp::idle_timeout>},
    {"stall_timeout", tcp_is_set<&ListenerTcp::stall_timeout>},
    {"reuse_port", tcp_is_set<&ListenerTcp::reuse_port>},
    {"listening_socket", tcp_is_set<&ListenerTcp::listening_socket>}};

std::expected<void, Failure> refuse_any(std::span<const PartOption> part, std::string_view owner,
                                        const ListenerOptions& options) {
    for (const PartOption& option : part) {
        if (option.is_set(options)) {
            return refused("'" + std::string{option.name} + "' is of " + std::string{owner});
        }
    }
    return {};
}

/// What has an effect elsewhere only is not accepted.
std::expected<void, Failure> check_parts(const ListenerOptions& options, const Address& address) {
    for (const ProtocolDescriptor* const other : protocols()) {
        for (const ListenerKey& key : other->listener_keys) {
            if (other != address.protocol && !key.get(options).empty()) {
                return refused("'" + std::string{key.name} + "' is of the protocol " +
                               std::string{other->name});
            }
        }
    }
    if (!std::holds_alternative<TcpAddress>(address.transport)) {
        if (auto checked = refuse_any(tcp_options, "tcp://", options); !checked) {
            return checked;
        }
    }
    if (!address.protocol->compresses &&
        options.compress_bytes_min != ListenerOptions{}.compress_bytes_min) {
        return refused("'compress_bytes_min' is of the protocols " +
                       list_of(&ProtocolDescriptor::compresses));
    }
    return address.is_brokerless()
               ? std::expected<void, Failure>{}
               : refuse_any(brokerless_options, "listeners without a broker", options);
}

std::expected<void, Failure> check_zmq(const ListenerOptions& options, const Address& address) {
    if (options.queue != ListenerQueue{}) {
        return refused("Queues and exchanges are a broker's: not of ZeroMQ");
    }
    if (options.tcp.tls) {
        return refused("TLS is of tcp://; ZeroMQ has keys of CURVE instead");
    }
    if (std::get<ZmqAddress>(address.transport).allows_shutdown &&
        !address.protocol->accepts_shutdown) {
        return refused("'allow_shutdown' is of the protocol " +
                       list_of(&ProtocolDescriptor::accepts_shutdown));
    }
    return {};
}

std::expected<void, Failure> check_tcp(const ListenerOptions& options, const Address& address) {
    const auto& tcp = std::get<TcpAddress>(address.transport);
    if (tcp.servers.size() != 1) {
        return refused("A listener has one address; make one for each");
    }
    if (address.has_client_parameters) {
        return refused("Of the parameters of an address, a listener takes 'protocol' and 'method'");
    }
    if (options.queue != ListenerQueue{}) {
        return refused("Queues and exchanges are a broker's: not of tcp://");
    }
    const auto& tls = options.tcp.tls;
    if (tcp.is_secured && !tls) {
        return refused("TLS needs a certificate: see ListenerTcp::tls");
    }
    if (tls) {
        if (auto context = transport::make_tls_context(server_tls(*tls)); !context) {
            return std::unexpected{std::move(context.error())};
        }
    }
    return {};
}

std::expected<void, Failure> check_at_broker(const ListenerOptions& options,
                                             const Address& address) {
    if (options.tcp.tls) {
        return refused(
            "A broker has the server's certificate; a client's is in the address (certfile)");
    }
    if (auto checked = check_exchanges(options, address); !checked) {
        return checked;
    }
    if (auto checked = check_queue(options, address); !checked) {
        return checked;
    }
    if (auto checked = check_tls_files(address); !checked) {
        return checked;
    }
    const auto check_listener = address.protocol->check_listener;
    return check_listener == nullptr ? std::expected<void, Failure>{}
                                     : check_listener(options, address);
}

std::expected<void, Failure> check(const ListenerOptions& options, const Address& address) {
    if (auto checked = address.protocol->check_signing(options.auth_secrets); !checked) {
        return checked;
    }
    if (auto checked = check_signers(options); !checked) {
        return checked;
    }
    auto checked = std::holds_alternative<ZmqAddress>(address.transport)
                       ? check_zmq(options, address)
                   : address.is_brokerless() ? check_tcp(options, address)
                                             : check_at_broker(options, address);
    return checked ? check_parts(options, address) : checked;
}

/// What the address of a client has of a listener's: where calls go, and how they are written.
std::string client_parameters(const std::string& url, const Address& address,
                              const ListenerOptions& options) {
    if (std::holds_alternative<TcpAddress>(address.transport)) {
        return {};  // the scheme says it all
    }
    std::string parameters;
    const std::string query = url.substr(std::min(url.find('?'), url.size()));
    const auto given = core::parse_uri("tcp://server" + query);
    const auto own = address.protocol->parameters;
    for (const auto& [key, value] : given->query) {
        if (key == "queue" || key == "protocol" || key == "compat" ||
            std::ranges::find(own, key) != own.end()) {
            add_parameter(parameters, key, value);
        }
    }
    if (address.is_one_way()) {
        add_parameter(parameters, "socket", "pub");
        if (std::get<ZmqAddress>(address.transport).side == ZmqSide::bind) {
            add_parameter(parameters, "side", "connect");
        }
    }
    if (!address.is_brokerless() && options.nested_secrets.value_or(false) &&
        address.protocol->secret_depth == model::SecretDepth::direct) {
        add_parameter(parameters, "nested_secrets", "true");
    }
    return parameters;
}

}  // namespace

transport::TlsServerOptions server_tls(const ListenerTls& tls) {
    return {.certificate_file = tls.certificate_file,
            .key_file = tls.key_file,
            .client_ca_file = tls.client_ca_file,
            .key_password = tls.key_password,
            .key_password_file = tls.key_password_file};
}

std::string display_location(const Address& address) {
    if (address.is_brokerless()) {
        return address.display();
    }
    return address.display() + " " + std::string{address.protocol->server_key} + "=" +
           address.queue;
}

std::string ListenerConfig::display() const {
    return display_location(address);
}

std::size_t ListenerConfig::simultaneous_requests_max() const noexcept {
    if (address.is_brokerless()) {
        return options.max_simultaneous_requests.value_or(brokerless_default);
    }
    const auto own_default = address.protocol->requests_at_once;
    const std::size_t usual = proxy ? forwarded_default : at_broker_default;
    return options.max_simultaneous_requests.value_or(
        own_default == nullptr ? usual : own_default(options));
}

std::expected<Address, Failure> address_of(const ListenerOptions& options) {
    return parse_address(complete_url(options), AddressRole::listener);
}

std::expected<ListenerConfig, Failure> resolve_listener(ListenerOptions options) {
    const std::string url = complete_url(options);
    auto address = parse_address(url, AddressRole::listener);
    if (!address) {
        return std::unexpected{std::move(address.error())};
    }
    if (address->has_client_parameters && !address->is_brokerless()) {
        return refused(
            "The parameters 'reply', 'reply_...', 'persistent', 'nested_secrets', "
            "'return_dropped', 'pickle_protocol' and 'amqp_user' are a client's");
    }
    auto keys = format::Keyring::parse(options.fernet_keys);
    if (!keys) {
        return std::unexpected{std::move(keys.error())};
    }
    const std::size_t requests_max = address->is_brokerless() ? brokerless_max : prefetch_max;
    if (options.max_simultaneous_requests.value_or(1) < 1 ||
        options.max_simultaneous_requests.value_or(1) > requests_max) {
        return refused("max_simultaneous_requests must be from 1 to " +
                       std::to_string(requests_max));
    }
    name_queue_type(options.queue);
    auto checked = check(options, *address);
    if (checked) {
        checked = take_place_of_socket(options, *address);
    }
    if (!checked) {
        return std::unexpected{std::move(checked.error())};
    }
    if (auto* tcp = std::get_if<TcpAddress>(&address->transport)) {
        tcp->is_secured |= options.tcp.tls.has_value();
    }
    if (options.methods.empty() && !address->method.empty()) {
        options.methods.push_back(address->method);
    }
    if (address->protocol->method == MethodSource::by_listener && options.methods.size() > 1) {
        return one_method_wanted(*address->protocol);
    }
    if (options.describe.value_or(false) &&
        (address->protocol->method == MethodSource::by_listener || address->is_one_way())) {
        return refused("'describe' is of listeners whose calls name a method and get a response");
    }
    std::string parameters = client_parameters(url, *address, options);
    return ListenerConfig{std::move(options), std::move(*address), std::move(*keys),
                          std::move(parameters)};
}

std::expected<std::vector<const Method*>, Failure> methods_of(const ListenerConfig& config,
                                                              const Registry& registry) {
    if (config.proxy) {
        return {};
    }
    if (config.options.methods.empty()) {
        std::vector<const Method*> registered = registry.all();
        if (config.address.protocol->method == MethodSource::by_listener &&
            registered.size() != 1) {
            return one_method_wanted(*config.address.protocol);
        }
        return registered;
    }
    std::vector<const Method*> methods;
    std::string missing;
    for (const std::string& name : config.options.methods) {
        const Method* method = registry.find(name);
        if (method == nullptr) {
            missing += (missing.empty() ? "'" : ", '") + name + "'";
        } else if (std::ranges::find(methods, method) == methods.end()) {
            methods.push_back(method);
        }
    }
    if (!missing.empty()) {
        return std::unexpected{Failure{
            .code = Code::no_such_method,
            .message = config.display() + " is to serve what nobody registered: " + missing}};
    }
    return methods;
}

std::vector<std::string> method_names(const ListenerConfig& config,
                                      const std::vector<const Method*>& methods) {
    if (config.proxy) {
        return config.options.methods;
    }
    std::vector<std::string> names;
    names.reserve(methods.size());
    for (const Method* const method : methods) {
        names.push_back(method->name);
    }
    return names;
}

}  // namespace warren::endpoint
