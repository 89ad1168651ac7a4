#include "endpoint/server_listener.hpp"

#include "core/duration.hpp"
#include "core/percent.hpp"
#include "endpoint/dialects.hpp"
#include "endpoint/listener_queue.hpp"
#include "endpoint/topic_pattern.hpp"
#include "protocol/message_signing.hpp"
#include "transport/net/tls_context.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::size_t prefetch_max = 65'535;  // [AMQP 0-9-1 1.8.3]
constexpr std::size_t at_broker_default = 5;
constexpr std::size_t forwarded_default = 256;  // they hold no worker
constexpr std::size_t threaded_default = 64;
constexpr std::size_t direct_default = 65'536;
constexpr std::size_t direct_max = std::size_t{1} << 24;

Failure refused(std::string message) {
    return {.code = Code::invalid_request, .message = std::move(message)};
}

/// An address to which options that are parameters are added: one that stands in both is refused.
class UrlWithOptions {
public:
    explicit UrlWithOptions(std::string url) : url_{std::move(url)} {}

    void add(std::string_view key, std::string_view value) {
        if (!value.empty()) {
            url_ += url_.find('?') == std::string::npos ? '?' : '&';
            url_.append(key).append("=").append(core::percent_encode(value));
        }
    }
    std::string take() && { return std::move(url_); }

private:
    std::string url_;
};

void add_zmq(const ListenerZmq& zmq, UrlWithOptions& url) {
    std::string client_keys;
    for (const std::string& key : zmq.client_keys) {
        client_keys += (client_keys.empty() ? "" : ",") + key;
    }
    url.add("socket", zmq.socket);
    url.add("side", zmq.side);
    url.add("username", zmq.username);
    url.add("password", zmq.password);
    url.add("secret_key", zmq.secret_key);
    url.add("client_keys", client_keys);
    url.add("server_key", zmq.server_key);
    url.add("public_key", zmq.public_key);
    if (zmq.silence_timeout) {
        url.add("silence_timeout", core::to_string(*zmq.silence_timeout));
    }
    if (zmq.high_water_mark) {
        url.add("high_water_mark", std::to_string(*zmq.high_water_mark));
    }
    if (zmq.allow_shutdown) {
        url.add("allow_shutdown", "true");
    }
}

std::string complete_url(const ListenerOptions& options) {
    UrlWithOptions url{options.url};
    url.add("queue", options.queue);
    url.add("protocol", options.protocol);
    url.add("server_id", options.server_id);
    url.add("format", options.format);
    add_zmq(options.zmq, url);
    return std::move(url).take();
}

Failure one_method_wanted(std::string_view protocol) {
    return refused("The protocol '" + std::string{protocol} +
                   "' has no method on the wire: name exactly one");
}

std::expected<void, Failure> check_secrets(const ListenerOptions& options,
                                           std::string_view protocol) {
    if (options.auth_secrets.empty()) {
        return {};
    }
    if (protocol == arrpc) {
        if (std::ranges::find(options.auth_secrets, std::string{}) != options.auth_secrets.end()) {
            return std::unexpected{refused("A secret to sign with is empty (auth_secrets)")};
        }
        return {};
    }
    if (auto signer = protocol::MessageSigner::make(options.auth_secrets); !signer) {
        return std::unexpected{std::move(signer.error())};
    }
    return {};
}

bool has_queue_options(const ListenerOptions& options) {
    return !options.queue.empty() || !options.exchanges.empty() || options.durable ||
           options.exclusive || options.auto_delete || options.queue_type ||
           options.acknowledge != Acknowledge::with_reply || !options.queue_arguments->is_null();
}

std::expected<void, Failure> check_zmq(const ListenerOptions& options, const Address& address) {
    if (has_queue_options(options)) {
        return std::unexpected{refused("Queues and exchanges are a broker's: not of ZeroMQ")};
    }
    if (options.tls) {
        return std::unexpected{refused("TLS is of tcp://; ZeroMQ has keys of CURVE instead")};
    }
    if (address.protocol == pyzmqrpc && !options.auth_secrets.empty()) {
        return std::unexpected{refused("Secrets to sign with are not of the protocol pyzmqrpc")};
    }
    if (std::get<ZmqAddress>(address.place).allows_shutdown && address.protocol != pyzmqrpc) {
        return std::unexpected{refused("'allow_shutdown' is of the protocol pyzmqrpc")};
    }
    return check_secrets(options, address.protocol);
}

std::expected<void, Failure> check_tcp(const ListenerOptions& options, const Address& address) {
    const auto& direct = std::get<DirectAddress>(address.place);
    if (direct.servers.size() != 1) {
        return std::unexpected{refused("A listener has one address; make one for each")};
    }
    if (direct.has_client_parameters) {
        return std::unexpected{
            refused("Of the parameters of an address, a listener takes 'protocol' and 'method'")};
    }
    if (has_queue_options(options)) {
        return std::unexpected{refused("Queues and exchanges are a broker's: not of tcp://")};
    }
    if (direct.is_secured && !options.tls) {
        return std::unexpected{refused("TLS needs a certificate: see ListenerOptions::tls")};
    }
    if (options.tls) {
        if (auto context = transport::make_tls_context(server_tls(*options.tls)); !context) {
            return std::unexpected{std::move(context.error())};
        }
    }
    return check_secrets(options, address.protocol);
}

std::expected<void, Failure> check_callme(const ListenerOptions& options, const Address& address) {
    if (address.protocol != callme) {
        return options.threaded ? std::unexpected{refused("'threaded' is of the protocol callme")}
                                : std::expected<void, Failure>{};
    }
    if (address.queue.empty()) {
        return std::unexpected{
            refused("The protocol callme needs the server's id, as in server_id=fooserver")};
    }
    if (!options.exchanges.empty()) {
        return std::unexpected{
            refused("The protocol callme has one exchange: 'exchanges' is not of it")};
    }
    if (!options.threaded && options.max_simultaneous_requests.value_or(1) > 1) {
        return std::unexpected{
            refused("A callme server handles one request after the other unless it is 'threaded'")};
    }
    return {};
}

/// What an exchange does. A plugin's does as the type that its argument names.
std::string_view exchange_type(const ListenerExchange& exchange) {
    const Value delayed = exchange.arguments["x-delayed-type"];
    return exchange.type == "x-delayed-message" && delayed.is_text()
               ? delayed.as_text()
               : std::string_view{exchange.type};
}

std::expected<void, Failure> check_at_broker(const ListenerOptions& options,
                                             const Address& address) {
    if (options.tls) {
        return std::unexpected{refused(
            "A broker has the server's certificate; a client's is in the address (certfile)")};
    }
    for (const ListenerExchange& exchange : options.exchanges) {
        if (auto usable = check_exchange_type(exchange); !usable) {
            return usable;
        }
        if (exchange_type(exchange) == "topic" && is_topic_pattern(address.queue)) {
            return std::unexpected{refused(
                "The queue '" + address.queue + "' cannot be bound to the exchange '" +
                exchange.name + "' of type topic, where the words '*' and '#' stand for others: " +
                "it would get replies as requests; choose another name")};
        }
    }
    if (!options.auth_secrets.empty()) {
        return std::unexpected{refused("Secrets to sign with are of tcp:// and its like")};
    }
    if (auto checked = check_queue(options, address); !checked) {
        return checked;
    }
    if (auto checked = check_tls_files(address); !checked) {
        return checked;
    }
    return check_callme(options, address);
}

std::expected<void, Failure> check(const ListenerOptions& options, const Address& address) {
    if (std::holds_alternative<ZmqAddress>(address.place)) {
        return check_zmq(options, address);
    }
    return address.is_direct() ? check_tcp(options, address) : check_at_broker(options, address);
}

}  // namespace

std::expected<void, Failure> check_exchange_type(const ListenerExchange& exchange) {
    const std::string_view type = exchange_type(exchange);
    if (type == "direct" || type == "topic") {
        return {};
    }
    return std::unexpected{refused(
        "The exchange '" + exchange.name + "' is of type '" + exchange.type +
        "', but calls need direct or topic: others give requests and replies to every queue that "
        "is bound, so that handlers run twice and callers get their own requests")};
}

transport::TlsServerOptions server_tls(const ListenerTls& tls) {
    return {.certificate_file = tls.certificate_file,
            .key_file = tls.key_file,
            .client_ca_file = tls.client_ca_file,
            .key_password = tls.key_password,
            .key_password_file = tls.key_password_file};
}

std::string display_place(const Address& address) {
    if (address.is_direct()) {
        return address.display();
    }
    return address.display() + (address.protocol == callme ? " server_id=" : " queue=") +
           address.queue;
}

std::string ListenerPlan::display() const {
    return display_place(address);
}

std::size_t ListenerPlan::simultaneous_requests_max() const noexcept {
    if (address.is_direct()) {
        return options.max_simultaneous_requests.value_or(direct_default);
    }
    const std::size_t serial = options.threaded ? threaded_default : 1;
    const std::size_t usual = proxy ? forwarded_default : at_broker_default;
    return options.max_simultaneous_requests.value_or(address.protocol == callme ? serial : usual);
}

std::expected<Address, Failure> address_of(const ListenerOptions& options) {
    return parse_address(complete_url(options), AddressRole::listener);
}

std::expected<ListenerPlan, Failure> plan_listener(ListenerOptions options) {
    auto address = address_of(options);
    if (!address) {
        return std::unexpected{std::move(address.error())};
    }
    if (address->has_client_parameters()) {
        return std::unexpected{
            refused("The parameters 'reply', 'reply_...', 'persistent', 'nested_secrets', "
                    "'pickle_protocol' "
                    "and 'amqp_user' are a client's")};
    }
    auto keys = format::Keyring::parse(options.fernet_keys);
    if (!keys) {
        return std::unexpected{std::move(keys.error())};
    }
    const std::size_t requests_max = address->is_direct() ? direct_max : prefetch_max;
    if (options.max_simultaneous_requests.value_or(1) < 1 ||
        options.max_simultaneous_requests.value_or(1) > requests_max) {
        return std::unexpected{
            refused("max_simultaneous_requests must be from 1 to " + std::to_string(requests_max))};
    }
    name_queue_type(options);
    auto checked = check(options, *address);
    if (!checked) {
        return std::unexpected{std::move(checked.error())};
    }
    if (auto* direct = std::get_if<DirectAddress>(&address->place)) {
        direct->is_secured |= options.tls.has_value();
    }
    if (options.methods.empty() && !address->method.empty()) {
        options.methods.push_back(address->method);
    }
    if (has_one_method(address->protocol) && options.methods.size() > 1) {
        return std::unexpected{one_method_wanted(address->protocol)};
    }
    return ListenerPlan{std::move(options), std::move(*address), std::move(*keys)};
}

std::expected<std::vector<const Method*>, Failure> methods_of(const ListenerPlan& plan,
                                                              const Registry& registry) {
    if (plan.proxy) {
        return {};
    }
    if (plan.options.methods.empty()) {
        std::vector<const Method*> all = registry.all();
        if (has_one_method(plan.address.protocol) && all.size() != 1) {
            return std::unexpected{one_method_wanted(plan.address.protocol)};
        }
        return all;
    }
    std::vector<const Method*> methods;
    std::string missing;
    for (const std::string& name : plan.options.methods) {
        const Method* method = registry.find(name);
        if (method == nullptr) {
            missing += (missing.empty() ? "'" : ", '") + name + "'";
        } else if (std::ranges::find(methods, method) == methods.end()) {
            methods.push_back(method);
        }
    }
    if (!missing.empty()) {
        return std::unexpected{
            Failure{.code = Code::no_such_method,
                    .message = plan.display() + " is to serve what nobody registered: " + missing}};
    }
    return methods;
}

std::vector<std::string> method_names(const ListenerPlan& plan,
                                      const std::vector<const Method*>& methods) {
    if (plan.proxy) {
        return plan.options.methods;
    }
    std::vector<std::string> names;
    for (const Method* const method : methods) {
        names.push_back(method->name);
    }
    return names;
}

std::expected<std::unique_ptr<protocol::MessageDialect>, Failure> dialect_of(
    const ListenerPlan& plan, const std::vector<std::string>& methods, const core::Limits& limits) {
    return make_message_dialect(plan.address.protocol,
                                {.method = methods.size() == 1 ? methods.front() : std::string{},
                                 .format = plan.address.format},
                                limits);
}

namespace {

constexpr std::int64_t deliveries_default = 20;

/// One delivery more than attempts, so that the last one is answered.
protocol::DeadLetters dead_letters_of(const ListenerOptions& options, const std::string& queue) {
    return {.queue = options.dead_letter_queue.value_or(queue + ".dead-letter"),
            .deliveries_max = options.attempts_max == 0 ? deliveries_default
                                                        : std::int64_t{options.attempts_max}};
}

}  // namespace

protocol::Topology topology_of(const ListenerPlan& plan, std::vector<std::string> methods,
                               const protocol::MessageDialect& dialect) {
    const ListenerOptions& options = plan.options;
    protocol::ServerTopologyOptions wanted{.server = plan.address.queue,
                                           .methods = std::move(methods)};
    wanted.queue_overrides = {.durable = options.durable,
                              .exclusive = options.exclusive,
                              .auto_delete = options.auto_delete,
                              .queue_type = options.queue_type,
                              .arguments = options.queue_arguments};
    for (const ListenerExchange& exchange : options.exchanges) {
        wanted.exchanges.push_back({.name = exchange.name,
                                    .type = exchange.type,
                                    .durable = exchange.durable.value_or(false),
                                    .auto_delete = exchange.auto_delete.value_or(false),
                                    .arguments = exchange.arguments});
    }
    protocol::Topology topology = dialect.server_topology(wanted);
    limit_deliveries(dead_letters_of(options, topology.queues.front().name), topology);
    return topology;
}

std::string unlimited_attempts(const ListenerPlan& plan, const protocol::Topology& topology) {
    const protocol::Queue& queue = topology.queues.front();
    const Value* const type = queue.arguments.value().find("x-queue-type");
    const bool counts = type != nullptr && type->is_text() && type->as_text() == "quorum";
    const bool is_limited = counts && queue.arguments.value().find("x-delivery-limit") != nullptr;
    // Other queues tell a first attempt from others, and no more.
    const std::uint32_t attempts_max = plan.options.attempts_max;
    if (is_limited || attempts_max == 1 || (counts && attempts_max != 0) || queue.exclusive ||
        queue.auto_delete || plan.options.acknowledge == Acknowledge::before_handling) {
        return {};
    }
    return counts ? "a request that ends the process comes again without an end: neither "
                    "'attempts_max' nor a limit of deliveries keeps it from it"
                  : "a request that ends the process comes again without an end: a queue that is "
                    "not of type quorum does not count (queue_type: quorum, or attempts_max: 1)";
}

}  // namespace warren::endpoint
