#include "endpoint/proxy/proxy.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/protocols/descriptor.hpp"
#include "endpoint/proxy/forwarding_loops.hpp"
#include "endpoint/server/shared_queues.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

namespace warren::endpoint {
namespace {

std::string name_of(const ListenerConfig& config) {
    return config.proxy->options.name.empty()
               ? config.display() + " to " + display_location(config.proxy->to)
               : config.proxy->options.name;
}

std::expected<void, Failure> check_from(const ListenerConfig& config) {
    if (!config.options.fernet_keys.empty()) {
        return refused(
            "A proxy opens no secrets: they pass as they came, so give keys to the servers and "
            "clients behind it (fernet_keys)");
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
        if (other.proxy && name_of(other) == name_of(last)) {
            return refused("Two proxies are named '" + name_of(last) +
                           "': give one of them a name of its own (name)");
        }
        if (other.proxy && shares_buffer(other.proxy->options, last.proxy->options)) {
            return refused("Two proxies have the buffer '" + last.proxy->options.buffer->file +
                           "': each needs a file of its own");
        }
    }
    return {};
}

/// A buffer tries again by itself, and has to know at once that the other side is away. It lets a
/// call go when that is known to have been taken: of a one-way call a broker says so, others do
/// not.
ForwardOptions fit_for_buffer(ForwardOptions options, const Address& to) {
    if (options.buffer) {
        options.client.connect_attempts = options.client.connect_attempts.value_or(1);
        options.calls = to.is_brokerless() ? ForwardCalls::answered : options.calls;
    }
    return options;
}

/// Original programs do not look at what they pass on, nor does a proxy between two of their kind.
void pass_text(ListenerConfig& config, Address& to) {
    if (config.address.protocol == to.protocol && to.protocol->passes_text) {
        std::get<ZmqAddress>(config.address.transport).passes_text = true;
        std::get<ZmqAddress>(to.transport).passes_text = true;
    }
}

std::expected<std::unique_ptr<store::DurableQueue>, Failure> open_buffer(
    const BufferOptions& buffer, std::shared_ptr<Log> log) {
    return store::DurableQueue::open({.file = {.path = buffer.file,
                                               .failed_entries_max = buffer.failed_entries_max,
                                               .failed_bytes_max = buffer.failed_bytes_max},
                                      .entries_max = buffer.entries_max,
                                      .bytes_max = buffer.bytes_max,
                                      .log = std::move(log)});
}

}  // namespace

std::expected<std::string, Failure> proxy_name(const ListenerOptions& from,
                                               const ForwardOptions& options) {
    ForwardOptions unbuffered = options;
    unbuffered.buffer.reset();
    const auto config = plan_proxy(from, std::move(unbuffered));
    if (!config) {
        return std::unexpected{config.error()};
    }
    return name_of(*config);
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

Proxy::Proxy(const ListenerConfig& config, const runtime::Clock& clock, std::shared_ptr<Log> log)
    : name_{name_of(config)},
      client_{config.proxy->to, fit_for_buffer(config.proxy->options, config.proxy->to)} {
    if (!config.proxy->options.buffer) {
        return;
    }
    auto queue = value_or_throw(open_buffer(*config.proxy->options.buffer, log));
    buffered_ = std::make_unique<BufferedForwarder>(
        std::move(queue), client_, clock,
        BufferedForwarderOptions{.name = name_, .log = std::move(log)});
}

runtime::Forwarder& Proxy::forwarder() noexcept {
    return buffered_ ? static_cast<runtime::Forwarder&>(*buffered_) : client_;
}

void Proxy::end_unsent() {
    if (!buffered_) {
        client_.end_unsent();
    }
}

void Proxy::stop(std::chrono::milliseconds patience) {
    if (buffered_) {
        buffered_->stop(patience);
    }
}

void Proxy::add_to(metrics::ServerFigures& figures) const {
    figures.proxies.push_back(
        {.proxy = name_, .series = &client_.series(), .client = client_.figures()});
    if (buffered_) {
        figures.buffers.push_back(buffered_->figures());
    }
}

Proxies::Proxies(std::span<const ListenerConfig> configs, ServerReplies replies,
                 const runtime::Clock& clock, std::shared_ptr<Log> log) {
    for (const ListenerConfig& config : configs) {
        if (config.proxy && replies == ServerReplies::mock) {
            throw Error{Code::invalid_request,
                        "A proxy has no mock replies (ServerReplies::mock, mock): it knows "
                        "no method"};
        }
        proxies_.push_back(config.proxy ? std::make_unique<Proxy>(config, clock, log) : nullptr);
    }
}

runtime::Forwarder* Proxies::forwarder_of(std::size_t listener) noexcept {
    return proxies_[listener] ? &proxies_[listener]->forwarder() : nullptr;
}

std::string Proxies::display_of(std::size_t listener) const {
    return proxies_[listener] ? " forwards to " + proxies_[listener]->target() : "";
}

void Proxies::end_unsent() {
    for (const auto& proxy : proxies_) {
        if (proxy) {
            proxy->end_unsent();
        }
    }
}

void Proxies::stop(std::chrono::steady_clock::time_point until) {
    for (const auto& proxy : proxies_) {
        if (proxy) {
            const auto left = until - std::chrono::steady_clock::now();
            proxy->stop(std::chrono::ceil<std::chrono::milliseconds>(left));
        }
    }
}

void Proxies::add_to(metrics::ServerFigures& figures) const {
    for (const auto& proxy : proxies_) {
        if (proxy) {
            proxy->add_to(figures);
        }
    }
}

}  // namespace warren::endpoint
