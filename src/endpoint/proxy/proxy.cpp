#include "endpoint/proxy/proxy.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/proxy/proxy_plan.hpp"

#include <utility>

namespace warren::endpoint {
namespace {

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

Proxy::Proxy(const ListenerConfig& config, const runtime::Clock& clock, std::shared_ptr<Log> log)
    : name_{proxy_name(config)},
      options_in_force_{config.proxy},
      client_{config.proxy->to, fit_for_buffer(config.proxy->options, config.proxy->to)} {
    if (!config.proxy->options.buffer) {
        return;
    }
    auto queue = value_or_throw(open_buffer(*config.proxy->options.buffer, log));
    buffered_ = std::make_unique<BufferedForwarder>(
        std::move(queue), client_, clock,
        BufferedForwarderOptions{
            .name = name_, .log = std::move(log), .names_calls = config.proxy->to.is_warren()});
}

runtime::Forwarder& Proxy::forwarder() noexcept {
    return buffered_ ? static_cast<runtime::Forwarder&>(*buffered_) : client_;
}

std::unique_ptr<ClientForwarder::Change> Proxy::prepare(const ListenerConfig& wanted) {
    if (!takes_anew(*options_in_force_, *wanted.proxy)) {
        return nullptr;
    }
    ForwardOptions options = options_in_force_->options;
    options.to = wanted.proxy->options.to;
    options.client.auth_secrets = wanted.proxy->options.client.auth_secrets;
    return client_.prepare(wanted.proxy->to, options);
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
                 const runtime::Clock& clock, const std::shared_ptr<Log>& log) {
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

std::string Proxies::target_of(std::size_t listener) const {
    return proxies_[listener] ? proxies_[listener]->target() : "";
}

std::string Proxies::display_of(std::size_t listener) const {
    return proxies_[listener] ? " forwards to " + proxies_[listener]->target() : "";
}

Proxies::Changes Proxies::prepare(std::span<const ListenerConfig> wanted) {
    Changes changes;
    for (std::size_t at = 0; at < proxies_.size(); ++at) {
        changes.push_back(proxies_[at] ? proxies_[at]->prepare(wanted[at]) : nullptr);
    }
    // Nothing goes wrong from here on.
    for (std::size_t at = 0; at < proxies_.size(); ++at) {
        if (changes[at]) {
            proxies_[at]->take(wanted[at]);
        }
    }
    return changes;
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
