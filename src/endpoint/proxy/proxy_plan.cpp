#include "endpoint/proxy/proxy_plan.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/proxy/forwarding_loops.hpp"
#include "endpoint/server/shared_queues.hpp"

#include <filesystem>
#include <memory>
#include <span>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

std::expected<void, Failure> check_from(const ListenerConfig& config) {
    if (!config.options.fernet_keys.empty()) {
        return refused(
            "A proxy opens no secrets: they pass as they came, so give keys to the servers and "
            "clients behind it (fernet_keys)");
    }
    if (config.options.idempotency) {
        return refused(
            "A proxy remembers no replies: the server behind it does, by the key that the proxy "
            "hands on (idempotency)");
    }
    const ProtocolDescriptor& protocol = *config.address.protocol;
    if (protocol.method == MethodSource::by_listener && config.options.methods.size() != 1) {
        return refused("The protocol '" + std::string{protocol.name} +
                       "' has no method on the wire: name the one that its calls are of (methods)");
    }
    if (protocol.method == MethodSource::by_exchange && config.options.methods.empty()) {
        return refused("Callers by the protocol " + std::string{protocol.name} +
                       " reach a method by its exchange: name the methods that the proxy takes "
                       "calls of (methods)");
    }
    return {};
}

bool shares_buffer(const ForwardOptions& one, const ForwardOptions& other) {
    const auto file = [](const ForwardOptions& options) {
        return std::filesystem::path{options.buffer->file}.lexically_normal();
    };
    return one.buffer && other.buffer && file(one) == file(other);
}

/// Hold the last one against the others.
std::expected<void, Failure> check_last(std::span<const ListenerConfig> configs) {
    const ListenerConfig& last = configs.back();
    if (auto checked = check_forwarding_loops(configs); !checked) {
        return checked;
    }
    for (const ListenerConfig& other : configs.first(configs.size() - 1)) {
        if (other.proxy && proxy_name(other) == proxy_name(last)) {
            return refused("Two proxies are named '" + proxy_name(last) +
                           "': give one of them a name of its own (name)");
        }
        if (other.proxy && shares_buffer(other.proxy->options, last.proxy->options)) {
            return refused("Two proxies have the buffer '" + last.proxy->options.buffer->file +
                           "': each needs a file of its own");
        }
    }
    return {};
}

/// Original programs do not look at what they pass on, nor does a proxy between two of their kind.
void pass_text(ListenerConfig& config, Address& to) {
    if (config.address.protocol == to.protocol && to.protocol->passes_text) {
        std::get<ZmqAddress>(config.address.transport).passes_text = true;
        std::get<ZmqAddress>(to.transport).passes_text = true;
    }
}

}  // namespace

std::string proxy_name(const ListenerConfig& config) {
    return config.proxy->options.name.empty()
               ? config.display() + " to " + display_location(config.proxy->to)
               : config.proxy->options.name;
}

std::expected<std::string, Failure> proxy_name(const ListenerOptions& from,
                                               const ForwardOptions& options) {
    ForwardOptions unbuffered = options;
    unbuffered.buffer.reset();
    const auto config = plan_proxy(from, std::move(unbuffered));
    if (!config) {
        return std::unexpected{config.error()};
    }
    return proxy_name(*config);
}

std::expected<ListenerConfig, Failure> plan_proxy(ListenerOptions from, ForwardOptions options) {
    auto config = resolve_listener(std::move(from));
    if (!config) {
        return config;
    }
    if (auto checked = check_from(*config); !checked) {
        return std::unexpected{std::move(checked.error())};
    }
    auto to = parse_address(options.to);
    if (!to) {
        return std::unexpected{std::move(to.error())};
    }
    if (auto checked = check_tls_files(*to); !checked) {
        return std::unexpected{std::move(checked.error())};
    }
    if (!options.client.fernet_keys.empty()) {
        return refused("A proxy seals no secrets: they pass as they came (fernet_keys)");
    }
    if (options.calls == ForwardCalls::one_way && !to->protocol->has_one_way) {
        return refused(std::string{to->protocol->name} +
                       " has no one-way calls: every request of it is answered");
    }
    if (options.buffer && to->is_one_way()) {
        return refused(
            "A buffer needs an answer to each call, and a publisher hears of none: what it had "
            "published would be lost with the process; call a server instead (socket=dealer or "
            "req), or leave the buffer out");
    }
    if (options.buffer && options.buffer->file.empty()) {
        return refused("A buffer needs a file (BufferOptions::file)");
    }
    pass_text(*config, *to);
    config->proxy = std::make_shared<const ProxyConfig>(std::move(options), std::move(*to));
    return config;
}

bool can_take_anew(const ForwardOptions& running, const Address& to) {
    if (std::holds_alternative<MemoryAddress>(to.transport)) {
        return false;
    }
    const auto* const zmq = std::get_if<ZmqAddress>(&to.transport);
    return !to.is_brokerless() ||
           (!running.buffer && (zmq == nullptr || zmq->side == ZmqSide::connect));
}

bool takes_anew(const ProxyConfig& config, const ProxyConfig& wanted) {
    // Files of ZeroMQ's keys are read with the address.
    const bool has_read_files = std::holds_alternative<ZmqAddress>(wanted.to.transport) &&
                                wanted.options.to.contains("_file=");
    return can_take_anew(config.options, wanted.to) &&
           (has_read_files || config.options.to != wanted.options.to ||
            config.options.client.auth_secrets != wanted.options.client.auth_secrets);
}

std::expected<void, Failure> add_proxy(std::vector<ListenerConfig>& configs, ListenerOptions from,
                                       ForwardOptions options) {
    auto config = plan_proxy(std::move(from), std::move(options));
    if (!config) {
        return std::unexpected{std::move(config.error())};
    }
    if (auto checked = check_shared_queues(configs, *config); !checked) {
        return checked;
    }
    configs.push_back(std::move(*config));
    auto checked = check_last(configs);
    if (!checked) {
        configs.pop_back();
    }
    return checked;
}

}  // namespace warren::endpoint
