#include "endpoint/proxy.hpp"

#include "endpoint/failures.hpp"
#include "endpoint/protocols/protocol.hpp"
#include "endpoint/proxy_circles.hpp"
#include "endpoint/shared_queues.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

namespace warren::endpoint {
namespace {

std::string name_of(const ListenerPlan& plan) {
    return plan.proxy->options.name.empty()
               ? plan.display() + " to " + display_place(plan.proxy->to)
               : plan.proxy->options.name;
}

std::expected<void, Failure> check_from(const ListenerPlan& plan) {
    if (!plan.options.fernet_keys.empty()) {
        return refused(
            "A proxy opens no secrets: they pass as they came, so give keys to the servers and "
            "clients behind it (fernet_keys)");
    }
    const Protocol& protocol = *plan.address.protocol;
    if (protocol.method == MethodSaid::by_listener && plan.options.methods.size() != 1) {
        return refused("The protocol '" + std::string{protocol.name} +
                       "' has no method on the wire: name the one that its calls are of (methods)");
    }
    if (protocol.method == MethodSaid::by_exchange && plan.options.methods.empty()) {
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
std::expected<void, Failure> check_last(std::span<const ListenerPlan> plans) {
    const ListenerPlan& last = plans.back();
    if (auto checked = check_circles(plans); !checked) {
        return checked;
    }
    for (const ListenerPlan& other : plans.first(plans.size() - 1)) {
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
        options.calls = to.is_direct() ? ForwardCalls::answered : options.calls;
    }
    return options;
}

/// Original programs do not look at what they pass on, nor does a proxy between two of their kind.
void pass_text(ListenerPlan& plan, Address& to) {
    if (plan.address.protocol == to.protocol && to.protocol->passes_text) {
        std::get<ZmqAddress>(plan.address.place).passes_text = true;
        std::get<ZmqAddress>(to.place).passes_text = true;
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
    const auto plan = plan_proxy(from, std::move(unbuffered));
    if (!plan) {
        return std::unexpected{plan.error()};
    }
    return name_of(*plan);
}

std::expected<ListenerPlan, Failure> plan_proxy(ListenerOptions from, ForwardOptions options) {
    auto plan = plan_listener(std::move(from));
    if (!plan) {
        return plan;
    }
    if (auto checked = check_from(*plan); !checked) {
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
    pass_text(*plan, *to);
    plan->proxy = std::make_shared<const ProxyPlan>(std::move(options), std::move(*to));
    return plan;
}

std::expected<void, Failure> add_proxy(std::vector<ListenerPlan>& plans, ListenerOptions from,
                                       ForwardOptions options) {
    auto plan = plan_proxy(std::move(from), std::move(options));
    if (!plan) {
        return std::unexpected{std::move(plan.error())};
    }
    if (auto checked = check_shared_queues(plans, *plan); !checked) {
        return checked;
    }
    plans.push_back(std::move(*plan));
    auto checked = check_last(plans);
    if (!checked) {
        plans.pop_back();
    }
    return checked;
}

Proxy::Proxy(const ListenerPlan& plan, std::shared_ptr<Log> log)
    : name_{name_of(plan)},
      client_{plan.proxy->to, fit_for_buffer(plan.proxy->options, plan.proxy->to)} {
    if (!plan.proxy->options.buffer) {
        return;
    }
    auto queue = value_or_throw(open_buffer(*plan.proxy->options.buffer, log));
    buffered_ = std::make_unique<BufferedForwarder>(
        std::move(queue), client_, BufferedForwarderOptions{.name = name_, .log = std::move(log)});
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

Proxies::Proxies(std::span<const ListenerPlan> plans, ServerAnswers answers,
                 std::shared_ptr<Log> log) {
    for (const ListenerPlan& plan : plans) {
        if (plan.proxy && answers == ServerAnswers::made_up) {
            throw Error{Code::invalid_request,
                        "A proxy has no made-up answers (ServerAnswers::made_up, mock): it knows "
                        "no method"};
        }
        proxies_.push_back(plan.proxy ? std::make_unique<Proxy>(plan, log) : nullptr);
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
