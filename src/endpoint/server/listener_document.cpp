#include "endpoint/server/listener_document.hpp"

#include "endpoint/protocols/descriptor.hpp"
#include "transport/amqp/endpoint.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

using contract::CallerNeed;

/// Those of a broker are the listener's own, which comes there as callers do.
void add_needs(const transport::AmqpEndpoint& broker, std::vector<CallerNeed>& needs) {
    if (const auto* const login = std::get_if<amqp::PlainLogin>(&broker.connection.login)) {
        const amqp::PlainLogin usual;
        if (login->user != usual.user || login->password != usual.password) {
            needs.push_back(CallerNeed::login);
        }
    } else {
        needs.push_back(CallerNeed::certificate_login);
    }
    if (!broker.tls) {
        return;
    }
    if (!broker.tls->ca_file.empty() || broker.tls->verify == transport::TlsVerify::none) {
        needs.push_back(CallerNeed::authority);
    }
    if (needs.front() != CallerNeed::certificate_login && !broker.tls->certificate_file.empty()) {
        needs.push_back(CallerNeed::certificate);
    }
}

void add_needs(const ZmqAddress& zmq, std::vector<CallerNeed>& needs) {
    if (std::holds_alternative<transport::ZmqPlain>(zmq.server_security) ||
        std::holds_alternative<transport::ZmqPlain>(zmq.client_security)) {
        needs.push_back(CallerNeed::password);
    }
    if (const auto* const curve = std::get_if<transport::ZmqCurveServer>(&zmq.server_security)) {
        needs.push_back(CallerNeed::server_key);
        if (!curve->client_public_keys.empty()) {
            needs.push_back(CallerNeed::client_key);
        }
    }
    if (std::holds_alternative<transport::ZmqCurveClient>(zmq.client_security)) {
        needs.push_back(CallerNeed::publisher_key);
    }
}

std::vector<CallerNeed> needs_of(const ListenerConfig& config) {
    std::vector<CallerNeed> needs;
    if (const auto* const broker =
            std::get_if<transport::AmqpEndpoint>(&config.address.transport)) {
        add_needs(*broker, needs);
    } else if (const auto* const zmq = std::get_if<ZmqAddress>(&config.address.transport)) {
        add_needs(*zmq, needs);
    }
    if (const auto& tls = config.options.tcp.tls) {
        needs.push_back(CallerNeed::authority);
        if (!tls->client_ca_file.empty()) {
            needs.push_back(CallerNeed::certificate);
        }
    }
    if (!config.options.auth_secrets.empty()) {
        needs.push_back(CallerNeed::auth_secret);
    }
    if (!config.options.fernet_keys.empty()) {
        needs.push_back(CallerNeed::fernet_key);
    }
    return needs;
}

}  // namespace

std::string client_address(const ListenerConfig& config) {
    return config.address.display() + config.client_parameters;
}

contract::ListenerDocument listener_document(const ListenerConfig& config, std::string address,
                                             const std::vector<const Method*>& methods) {
    const ProtocolDescriptor& protocol = *config.address.protocol;
    contract::ListenerDocument document{
        .address = std::move(address),
        .protocol = std::string{protocol.name},
        .has_one_method = protocol.method == MethodSource::by_listener,
        .has_envelope = protocol.has_envelope,
        .needs = needs_of(config)};
    if (const auto* const broker =
            std::get_if<transport::AmqpEndpoint>(&config.address.transport)) {
        document.virtual_host = broker->connection.vhost;
        document.queue = protocol.queue_of != nullptr ? protocol.queue_of(config.address.queue)
                                                      : config.address.queue;
        document.exchange = protocol.exchange_of != nullptr
                                ? protocol.exchange_of(config.address.queue)
                                : std::string{};
    }
    std::ranges::transform(methods, std::back_inserter(document.methods), &Method::name);
    std::ranges::sort(document.methods);
    return document;
}

std::vector<contract::ListenerDocument> listener_documents(
    std::span<const ListenerConfig> configs, const std::vector<std::string>& addresses,
    const Registry& registry, ServerReplies replies) {
    std::vector<contract::ListenerDocument> documents;
    for (std::size_t at = 0; at < configs.size(); ++at) {
        if (const auto methods = methods_of(configs[at], registry); methods && !configs[at].proxy) {
            auto& document =
                documents.emplace_back(listener_document(configs[at], addresses[at], *methods));
            document.is_mock = replies == ServerReplies::mock;
        }
    }
    return documents;
}

}  // namespace warren::endpoint
