#include "app/contract_listeners.hpp"

#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/server/listener_config.hpp"
#include "transport/amqp/endpoint.hpp"

#include <algorithm>
#include <utility>

namespace warren::app {
namespace {

/// What a client takes to call there.
std::string client_address(const endpoint::ListenerConfig& config) {
    const endpoint::Address& address = config.address;
    std::string text = address.display();
    const bool is_at_broker = std::holds_alternative<transport::AmqpEndpoint>(address.transport);
    return text + (is_at_broker && !text.contains("://") ? "/" : "") + config.client_parameters;
}

std::optional<endpoint::ListenerConfig> resolved(const ListenerEntry& entry) {
    auto config = endpoint::resolve_listener(entry.options);
    return config ? std::optional{std::move(*config)} : std::nullopt;
}

contract::ListenerDocument document_of_listener(const endpoint::ListenerConfig& config,
                                                const Registry& registry, bool is_mock) {
    contract::ListenerDocument document{
        .address = client_address(config),
        .protocol = std::string{config.address.protocol->name},
        .has_one_method = config.address.protocol->method == endpoint::MethodSource::by_listener,
        .is_mock = is_mock,
        .has_envelope = config.address.protocol->has_envelope};
    if (const auto* const broker =
            std::get_if<transport::AmqpEndpoint>(&config.address.transport)) {
        document.virtual_host = broker->connection.vhost;
        document.queue = config.address.protocol->queue_of != nullptr
                             ? config.address.protocol->queue_of(config.address.queue)
                             : config.address.queue;
    }
    if (const auto methods = endpoint::methods_of(config, registry)) {
        for (const Method* const method : *methods) {
            document.methods.push_back(method->name);
        }
    }
    std::ranges::sort(document.methods);
    return document;
}

}  // namespace

void add_listeners(const Config& config, const Registry& registry, contract::Document& document) {
    for (const ListenerEntry& entry : config.listeners) {
        if (const auto listener = resolved(entry)) {
            document.listeners.push_back(document_of_listener(
                *listener, registry, config.server.replies == ServerReplies::mock));
        }
    }
    for (const ProxyEntry& entry : config.proxies) {
        const auto from = resolved(entry.from);
        const auto to = endpoint::parse_address(entry.to.to);
        if (from && to) {
            document.proxies.push_back({.from = client_address(*from), .to = {to->display()}});
        }
    }
}

}  // namespace warren::app
