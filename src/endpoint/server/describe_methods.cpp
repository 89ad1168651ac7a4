#include "endpoint/server/describe_methods.hpp"

#include "contract/registered.hpp"
#include "docs/openrpc.hpp"
#include "endpoint/protocols/descriptor.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

bool is_loopback(std::string_view host) noexcept {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool is_local(std::string_view zmq_endpoint) noexcept {
    constexpr std::string_view tcp = "tcp://";
    if (!zmq_endpoint.starts_with(tcp)) {
        return true;  // ipc and inproc
    }
    zmq_endpoint.remove_prefix(tcp.size());
    return is_loopback(zmq_endpoint.substr(0, zmq_endpoint.rfind(':'))) ||
           zmq_endpoint.starts_with("[::1]");
}

bool is_private(const Address& address) noexcept {
    if (const auto* const tcp = std::get_if<TcpAddress>(&address.transport)) {
        return std::ranges::all_of(tcp->servers, is_loopback, &HostPort::host);
    }
    if (const auto* const zmq = std::get_if<ZmqAddress>(&address.transport)) {
        return std::ranges::all_of(zmq->endpoints, is_local);
    }
    return std::holds_alternative<MemoryAddress>(address.transport);
}

}  // namespace

bool describes(const ListenerConfig& config) noexcept {
    const Address& address = config.address;
    const bool can = !config.proxy && !address.is_one_way() &&
                     address.protocol->method != MethodSource::by_listener;
    return can && config.options.describe.value_or(is_private(address));
}

DescribeMethods::DescribeMethods(const Registry& own,
                                 std::function<std::vector<contract::ListenerDocument>()> listeners)
    : own_{own}, listeners_{std::move(listeners)}, instance_{to_string(Uuid::random())} {
    registry_
        .method(describe_name,
                [this] {
                    Dynamic whole = Dynamic::from_json(contract::to_json(document()));
                    whole.insert_or_assign("instance", instance_);
                    return whole;
                })
        .idempotency(Idempotency::none);
    registry_
        .method(discover_name,
                [this] {
                    Dynamic whole = docs::openrpc(document());
                    whole.insert_or_assign("x-warren-instance", instance_);
                    return whole;
                })
        .idempotency(Idempotency::none);
}

std::vector<const Method*> DescribeMethods::of(const ListenerConfig& config) const {
    std::vector<const Method*> methods;
    if (describes(config)) {
        methods = registry_.all();
        std::erase_if(methods,
                      [this](const Method* method) { return own_.find(method->name) != nullptr; });
    }
    return methods;
}

const contract::Document& DescribeMethods::methods() {
    std::call_once(made_, [this] { methods_ = contract::document_of(own_.all()); });
    return methods_;
}

contract::Document DescribeMethods::document() {
    contract::Document document = methods();
    document.listeners = listeners_();
    return document;
}

}  // namespace warren::endpoint
