#include "transport/memory/client_transport.hpp"

#include "core/while_alive.hpp"
#include "protocol/returned_requests.hpp"
#include "transport/memory/connection.hpp"

#include <fmt/format.h>

#include <deque>
#include <unordered_set>
#include <utility>

namespace warren::transport {
namespace {

Failure unroutable(const MemoryMessage& request) {
    return {.code = Code::no_responder,
            .message = fmt::format("No queue takes messages for exchange '{}' and routing key "
                                   "'{}': is the server running?",
                                   request.exchange(), request.routing_key())};
}

class MemoryClientTransportImpl final : public MemoryClientTransport, public MemoryConnection {
public:
    MemoryClientTransportImpl(MemoryBroker& broker, MemoryClientOptions options)
        : MemoryConnection{broker, options.reconnect_delay}, options_{std::move(options)} {}
    ~MemoryClientTransportImpl() override { abandon(); }

    runtime::Executor& executor() noexcept override { return broker_.executor(); }
    std::string_view return_key() const noexcept override { return return_key_; }

    void start(runtime::ClientSink& sink) override {
        sink_ = &sink;
        blocked_watch_ = broker_.watch_blocked([this](bool blocked) { on_blocked(blocked); });
        connect_soon();
    }
    void close(const Failure& why) override { MemoryConnection::close(why); }

    void publish(std::uint64_t token, const protocol::MessageView& request) override {
        if (!connected_) {
            refuse_unconnected(token);
            return;
        }
        unconfirmed_.insert(token);
        auto message = std::make_shared<const MemoryMessage>(request);
        const std::string& routing_key = message->routing_key();
        transmit(Hop::publish, routing_key, [this, token, message] {
            if (broker_.blocked()) {
                held_.emplace_back(token, message);
            } else {
                arrived(token, *message);
            }
        });
    }

    void bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) override {
        if (!connected_) {
            wanted_.emplace_back(token, std::move(bindings));
            return;
        }
        post([this, token, bindings = std::move(bindings)] { bind(token, bindings); });
    }

    void send_control(const protocol::MessageView& message) override {
        if (connected_) {
            auto kept = std::make_shared<const MemoryMessage>(message);
            const std::string& routing_key = kept->routing_key();
            transmit(Hop::control, routing_key, [this, kept] { broker_.publish(kept->view()); });
        }
    }

    void deliver(std::shared_ptr<const MemoryMessage> message, std::uint64_t tag) override {
        const std::string& routing_key = message->routing_key();
        transmit(Hop::reply, routing_key, [this, message, tag] {
            sink_->on_reply(message->view());
            broker_.acknowledge(*this, tag);
        });
    }

protected:
    std::expected<void, Failure> open() override {
        const std::string unique = fmt::format("{:p}.{}", fmt::ptr(this), number_);
        const bool durable = options_.replies == runtime::RepliesSurvive::yes;
        auto [topology, address] =
            options_.reply_topology ? options_.reply_topology(unique) : protocol::ReplyTopology{};
        if (!options_.reply_topology) {
            topology.queues.push_back({.name = durable ? options_.reply_queue : std::string{},
                                       .durable = durable,
                                       .exclusive = !durable,
                                       .auto_delete = !durable});
        }
        if (options_.returns_dropped) {
            return_key_ = protocol::accept_returns(topology, unique);
        }
        if (auto declared = broker_.declare(topology, this); !declared) {
            return declared;
        }
        reply_queue_ = topology.queues.front().name;
        if (durable && !options_.reply_topology) {
            options_.reply_queue = reply_queue_;
        }
        reply_address_ = options_.reply_topology ? address : reply_queue_;
        return consume();
    }

    void lost(const Failure& why) override {
        unconfirmed_.clear();
        held_.clear();
        sink_->on_lost(why, options_.replies);
    }

private:
    std::expected<void, Failure> consume() {
        // Before the replies that wait in a durable queue.
        post([this] { ready(); });
        return broker_.consume(reply_queue_, *this, 0);
    }

    void refuse_unconnected(std::uint64_t token) {
        executor().post(core::while_alive(weak_from_this(), [this, token] {
            sink_->on_refused(token, {.code = Code::no_responder,
                                      .message = "There is no connection to the broker"});
        }));
    }

    /// A request reached the broker.
    void arrived(std::uint64_t token, const MemoryMessage& request) {
        const MemoryBroker::Routed routed = broker_.publish(request.view());
        std::optional<Failure> refused;
        if (routed != MemoryBroker::Routed::queued) {
            refused = unroutable(request);
        }
        transmit(Hop::confirm, request.routing_key(), [this, token, refused = std::move(refused)] {
            // The sink hears of a token once, also when the script lets this come twice.
            if (unconfirmed_.erase(token) == 0) {
                return;
            }
            if (refused) {
                sink_->on_returned(token, *refused);
            } else {
                sink_->on_accepted(token);
            }
        });
    }

    void ready() {
        // Those made before come first; what no longer can be bound is noticed by its calls.
        for (const protocol::Binding& binding : bindings_) {
            static_cast<void>(declare(binding));
        }
        for (auto& [token, bindings] : std::exchange(wanted_, {})) {
            bind(token, bindings);
        }
        if (broker_.blocked()) {
            sink_->on_blocked(blocked_reason);
        }
        sink_->on_ready(reply_address_);
    }

    std::expected<void, Failure> declare(protocol::Binding binding) {
        if (options_.reply_topology) {
            protocol::Topology needed{
                .exchanges = {{.name = std::move(binding.exchange), .passive = true}}};
            return broker_.declare(needed, this);
        }
        if (binding.queue.empty()) {
            binding.queue = reply_queue_;
        }
        protocol::Topology topology{.bindings = {std::move(binding)}};
        return broker_.declare(topology, this);
    }

    void bind(std::uint64_t token, const std::vector<protocol::Binding>& bindings) {
        for (const protocol::Binding& binding : bindings) {
            if (const auto bound = declare(binding); !bound) {
                sink_->on_bound(token, &bound.error());
                return;
            }
        }
        bindings_.insert(bindings_.end(), bindings.begin(), bindings.end());
        sink_->on_bound(token, nullptr);
    }

    void on_blocked(bool blocked) {
        if (!connected_) {
            return;
        }
        if (blocked) {
            post([this] { sink_->on_blocked(blocked_reason); });
            return;
        }
        post([this] {
            sink_->on_unblocked();
            for (auto& [token, request] : std::exchange(held_, {})) {
                arrived(token, *request);
            }
        });
    }

    static constexpr std::string_view blocked_reason = "low on memory";

    MemoryClientOptions options_;
    runtime::ClientSink* sink_ = nullptr;
    std::string reply_queue_;
    std::string reply_address_;
    std::string return_key_;
    std::unordered_set<std::uint64_t> unconfirmed_;
    std::deque<std::pair<std::uint64_t, std::shared_ptr<const MemoryMessage>>>
        held_;  // while blocked
    std::vector<protocol::Binding> bindings_;
    std::vector<std::pair<std::uint64_t, std::vector<protocol::Binding>>> wanted_;
    std::shared_ptr<void> blocked_watch_;
};

}  // namespace

std::shared_ptr<MemoryClientTransport> make_memory_client_transport(MemoryBroker& broker,
                                                                    MemoryClientOptions options) {
    return std::make_shared<MemoryClientTransportImpl>(broker, std::move(options));
}

}  // namespace warren::transport
