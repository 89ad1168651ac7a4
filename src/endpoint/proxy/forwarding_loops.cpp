#include "endpoint/proxy/forwarding_loops.hpp"

#include "core/uri.hpp"
#include "endpoint/failures.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warren::endpoint {
namespace {

/// Whether a listener's host is reached under another: both may be names of this machine.
bool is_reached(std::string_view listener, std::string_view host) {
    constexpr std::array<std::string_view, 3> everywhere{"*", "0.0.0.0", "::"};
    constexpr std::array<std::string_view, 3> here{"localhost", "127.0.0.1", "::1"};
    const bool is_here = std::ranges::find(here, host) != here.end();
    if (std::ranges::find(everywhere, listener) != everywhere.end()) {
        return is_here || std::ranges::find(everywhere, host) != everywhere.end();
    }
    return listener == host || (is_here && std::ranges::find(here, listener) != here.end());
}

/// Whether a server is where a listener is.
bool is_at(const HostPort& server, const HostPort& listener) {
    return listener.port != 0 && server.port == listener.port &&
           is_reached(listener.host, server.host);
}

/// Whether two endpoints of ZeroMQ are one; either may be the one that is bound.
bool are_one(const std::string& one, const std::string& other) {
    constexpr std::string_view tcp = "tcp://";
    if (!one.starts_with(tcp) || !other.starts_with(tcp)) {
        return one == other;
    }
    const auto place = [](const std::string& endpoint) {
        const auto uri = core::parse_uri(endpoint);
        return uri ? HostPort{uri->host, uri->port.value_or(0)} : HostPort{};
    };
    return is_at(place(one), place(other)) || is_at(place(other), place(one));
}

/// Whether any of some places is any of others, as a function says of two.
bool any_is_one(const auto& some, const auto& others, const auto& is_one) {
    return std::ranges::any_of(some, [&](const auto& one) {
        return std::ranges::any_of(others, [&](const auto& other) { return is_one(one, other); });
    });
}

/// Whether calls to an address come in at a listener.
bool leads_to(const Address& to, const ListenerConfig& config) {
    const Address& from = config.address;
    if (to.transport.index() != from.transport.index()) {
        return false;
    }
    if (const auto* tcp = std::get_if<TcpAddress>(&to.transport)) {
        return any_is_one(tcp->servers, std::get<TcpAddress>(from.transport).servers, is_at);
    }
    if (const auto* zmq = std::get_if<ZmqAddress>(&to.transport)) {
        return any_is_one(zmq->endpoints, std::get<ZmqAddress>(from.transport).endpoints, are_one);
    }
    return to.display() == from.display() && to.protocol == from.protocol && to.queue == from.queue;
}

bool closes_loop(std::span<const ListenerConfig> configs, const ListenerConfig& first,
                 const ListenerConfig& at, std::vector<const ListenerConfig*>& seen) {
    seen.push_back(&at);
    return std::ranges::any_of(configs, [&](const ListenerConfig& next) {
        if (!next.proxy || !leads_to(at.proxy->to, next)) {
            return false;
        }
        return &next == &first || (std::ranges::find(seen, &next) == seen.end() &&
                                   closes_loop(configs, first, next, seen));
    });
}

}  // namespace

std::expected<void, Failure> check_forwarding_loops(std::span<const ListenerConfig> configs) {
    const ListenerConfig& last = configs.back();
    if (leads_to(last.proxy->to, last)) {
        return refused(last.display() + " would forward to itself");
    }
    std::vector<const ListenerConfig*> seen;
    if (closes_loop(configs, last, last, seen)) {
        return refused(last.display() +
                       " would forward to another proxy whose calls come back to it");
    }
    return {};
}

}  // namespace warren::endpoint
