#include "endpoint/server/listener_document.hpp"

#include "endpoint/protocols/descriptor.hpp"
#include "transport/amqp/endpoint.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace warren::endpoint {

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
        .has_envelope = protocol.has_envelope};
    if (const auto* const broker =
            std::get_if<transport::AmqpEndpoint>(&config.address.transport)) {
        document.virtual_host = broker->connection.vhost;
        document.queue = protocol.queue_of != nullptr ? protocol.queue_of(config.address.queue)
                                                      : config.address.queue;
    }
    std::ranges::transform(methods, std::back_inserter(document.methods), &Method::name);
    std::ranges::sort(document.methods);
    return document;
}

}  // namespace warren::endpoint
