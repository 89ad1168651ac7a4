#include "transport/zmq/publisher.hpp"

#include "core/duration.hpp"
#include "core/while_alive.hpp"
#include "transport/zmq/binding.hpp"
#include "transport/zmq/publisher_connection.hpp"
#include "transport/zmq/watch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zmq.h>

#include <map>
#include <optional>
#include <span>
#include <utility>

namespace warren::transport {
namespace {

// Of what a subscriber says: topics.
constexpr std::size_t subscription_bytes_max = 4'096;

class ZmqPublisherImpl final : public ZmqPublisher,
                               private LoopIterationHook,
                               private ZmqWatch::User,
                               public std::enable_shared_from_this<ZmqPublisherImpl> {
public:
    ZmqPublisherImpl(AsioExecutor& executor, ZmqPublisherOptions options)
        : executor_{executor}, options_{std::move(options)} {}

    ~ZmqPublisherImpl() override {
        executor_.forget(*this);
        executor_.cancel(heartbeat_timer_);
        for (const auto& [token, timer] : waiting_) {
            executor_.cancel(timer);
        }
    }

    std::expected<void, Failure> start(runtime::StreamConnectorSink& sink) override {
        sink_ = &sink;
        // The messages that come are subscriptions; an XPUB, unlike a PUB, shows them.
        ZmqLimits limits = options_.limits;
        limits.message_bytes_max = subscription_bytes_max;
        limits.frame_bytes_max = subscription_bytes_max;
        auto binding =
            ZmqBinding::open(executor_,
                             {.socket_type = ZMQ_XPUB,
                              .endpoints = options_.endpoints,
                              .side = options_.side,
                              .security = options_.security,
                              .limits = limits,
                              .log = options_.log,
                              .changed = [this](const ZmqEvent&) { look_for_listeners(); }},
                             counters_);
        if (!binding) {
            return std::unexpected{std::move(binding.error())};
        }
        binding_ = std::move(*binding);
        is_inproc_ = binding_->endpoints().front().starts_with("inproc:");
        ZmqWatch::User& user = *this;
        watch_.emplace(executor_, binding_->socket(), user);
        beat_later();
        return {};
    }

    std::size_t address_count() const noexcept override { return 1; }
    AsioExecutor& executor() noexcept override { return executor_; }
    const std::vector<std::string>& endpoints() const noexcept override {
        return binding_->endpoints();
    }
    std::string display(std::size_t) const override {
        return fmt::format("{}", fmt::join(endpoints(), ", "));
    }
    const ZmqCounters& counters() const noexcept override { return counters_; }

    void connect(std::size_t, std::uint64_t token) override {
        if (has_listeners()) {
            waiting_.emplace(token, executor_.post_at(executor_.now(), [this, token] {
                waiting_.erase(token);
                connected(token);
            }));
            return;
        }
        waiting_.emplace(token, executor_.post_at(executor_.now() + options_.subscriber_timeout,
                                                  [this, token] { nobody_came(token); }));
    }

    void close_all(std::move_only_function<void()> closed) override {
        closed_ = std::move(closed);
        closing_ = true;
        want_iteration_end();
    }

private:
    /// Where it connects, ZeroMQ keeps the subscriptions of one that is gone, in case it comes
    /// back.
    bool has_listeners() const noexcept {
        if (options_.subscriber_timeout.count() == 0) {
            return true;
        }
        const bool may_be_gone = options_.side == ZmqSide::connect && !is_inproc_;
        return topics_ != 0 && !(may_be_gone && counters_.connections.get() == 0);
    }

    void want_iteration_end() {
        if (!std::exchange(iteration_end_asked_, true)) {
            executor_.at_iteration_end(*this);
        }
    }

    void connected(std::uint64_t token) {
        if (closing_) {
            return;
        }
        auto made = std::make_unique<ZmqPublisherConnection>(touched_);
        ZmqPublisherConnection& connection = *made;
        connections_.push_back(std::move(made));
        connection.start(sink_->on_connected(token, connection));
    }

    void nobody_came(std::uint64_t token) {
        waiting_.erase(token);
        const std::string& refusal = binding_->last_refusal();
        Failure why{.code = Code::connection_lost,
                    .message = fmt::format("Nobody subscribed at {} within {}", display(0),
                                           core::to_string(options_.subscriber_timeout))};
        if (!refusal.empty()) {
            why.code = Code::unauthenticated;
            why.message += "; one that came was refused: " + refusal;
        }
        sink_->on_connect_failed(
            token, why,
            refusal.empty() ? runtime::RetryClass::passing : runtime::RetryClass::permanent);
    }

    void on_signal() override { receive(); }

    void look_for_listeners() {
        if (closing_ || !has_listeners()) {
            // Without listeners connections end at the turn's end, which may be this one.
            if (!connections_.empty()) {
                want_iteration_end();
            }
            return;
        }
        for (const auto& [token, timer] : std::exchange(waiting_, {})) {
            executor_.cancel(timer);
            connected(token);
        }
    }

    /// A subscription is a 1 and a topic, its end a 0 and the topic; of each topic the first and
    /// the last are told.
    void receive() {
        while (binding_ != nullptr && !closing_ && binding_->socket().receive(frame_)) {
            const char kind = frame_.size() == 0 ? '\2' : *frame_.data<char>();
            if (kind == '\1') {
                ++topics_;
            } else if (kind == '\0' && topics_ != 0) {
                --topics_;
            } else {
                counters_.malformed_messages.add();
            }
        }
        look_for_listeners();
    }

    void on_loop_iteration() override {
        iteration_end_asked_ = false;
        if (binding_ == nullptr) {
            return;
        }
        const bool is_over = closing_ || !has_listeners();
        const Failure why{.code = Code::connection_lost,
                          .message = closing_
                                         ? "The publisher was closed"
                                         : "The last subscriber at " + display(0) + " is gone"};
        // Those that end may lead to new ones.
        for (auto& connection : std::exchange(connections_, {})) {
            publish(connection->outbox());
            if (is_over || connection->is_closing()) {
                connection->end(why);
            } else {
                connections_.push_back(std::move(connection));
            }
        }
        if (closing_) {
            return close();
        }
        // Sending may have swallowed the signal of what has come since.
        receive();
    }

    void publish(ZmqOutbox& outbox) {
        for (; !outbox.empty(); outbox.pop()) {
            publish(outbox.front());
            counters_.messages_out.add();
            counters_.bytes_out.add(outbox.front().size());
        }
        outbox.clear();
    }

    void publish(std::span<const char> message) {
        binding_->socket().send(message, false);
        is_quiet_ = false;
    }

    void beat_later() {
        if (options_.heartbeat.empty()) {
            return;
        }
        heartbeat_timer_ = executor_.post_at(executor_.now() + options_.heartbeat_interval, [this] {
            if (std::exchange(is_quiet_, true)) {
                publish(std::span{options_.heartbeat});
                is_quiet_ = true;
                receive();
            }
            beat_later();
        });
    }

    void close() {
        executor_.cancel(heartbeat_timer_);
        for (const auto& [token, timer] : std::exchange(waiting_, {})) {
            executor_.cancel(timer);
        }
        watch_.reset();
        binding_->close(core::while_alive(weak_from_this(), [this] {
            binding_.reset();
            executor_.post(std::exchange(closed_, nullptr));
        }));
    }

    AsioExecutor& executor_;
    const ZmqPublisherOptions options_;
    ZmqCounters counters_;
    runtime::StreamConnectorSink* sink_ = nullptr;
    std::unique_ptr<ZmqBinding> binding_;
    std::optional<ZmqWatch> watch_;
    const std::function<void()> touched_{[this] { want_iteration_end(); }};
    std::vector<std::unique_ptr<ZmqPublisherConnection>> connections_;
    std::map<std::uint64_t, runtime::Executor::TimerId> waiting_;  // for a subscriber
    std::size_t topics_ = 0;  // that somebody has subscribed to
    zmq::message_t frame_;
    bool is_inproc_ = false;
    bool iteration_end_asked_ = false;
    bool closing_ = false;
    bool is_quiet_ = true;  // since the last time that a heartbeat was due
    runtime::Executor::TimerId heartbeat_timer_ = 0;
    std::move_only_function<void()> closed_;
};

}  // namespace

std::shared_ptr<ZmqPublisher> make_connector(AsioExecutor& executor, ZmqPublisherOptions options) {
    return std::make_shared<ZmqPublisherImpl>(executor, std::move(options));
}

}  // namespace warren::transport
