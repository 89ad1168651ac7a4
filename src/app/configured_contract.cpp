#include "app/configured_contract.hpp"

#include "contract/registered.hpp"
#include "endpoint/server/listener_document.hpp"

#include <cstddef>
#include <vector>

namespace warren::app {

contract::Document configured_contract(const Config& config, const Registry& registry,
                                       std::span<const std::string> addresses) {
    contract::Document document = contract::document_of(registry.all());
    std::size_t next = 0;
    const auto address_of = [&](const endpoint::ListenerConfig& listener) {
        return next < addresses.size() ? addresses[next] : endpoint::client_address(listener);
    };
    for (const ListenerEntry& entry : config.listeners) {
        const auto listener = endpoint::resolve_listener(entry.options);
        const auto methods =
            listener ? endpoint::methods_of(*listener, registry) : std::vector<const Method*>{};
        if (listener && methods) {
            auto& added = document.listeners.emplace_back(
                endpoint::listener_document(*listener, address_of(*listener), *methods));
            added.is_mock = config.server.replies == ServerReplies::mock;
        }
        ++next;
    }
    for (const ProxyEntry& entry : config.proxies) {
        const auto from = endpoint::resolve_listener(entry.from.options);
        const auto to = endpoint::parse_address(entry.to.to);
        if (from && to) {
            document.proxies.push_back({.from = address_of(*from), .to = {to->display()}});
        }
        ++next;
    }
    return document;
}

}  // namespace warren::app
