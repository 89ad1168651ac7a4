#include "transport/zmq/subscriber.hpp"

#include "core/assert.hpp"
#include "core/while_alive.hpp"
#include "transport/zmq/subscription.hpp"

#include <zmq.h>

#include <utility>
#include <variant>

namespace warren::transport {
namespace {

class ZmqSubscriberImpl final : public ZmqSubscriber,
                                public std::enable_shared_from_this<ZmqSubscriberImpl> {
public:
    ZmqSubscriberImpl(AsioExecutor& executor, ZmqSubscriberOptions options)
        : options_{std::move(options)},
          home_{executor,
                options_,
                {ZMQ_SUB, options_.security, options_.limits, options_.connect_timeout,
                 std::holds_alternative<ZmqPlain>(options_.security)},
                nullptr,
                counters_} {
        WARREN_ASSERT(!options_.endpoints.empty());
    }

    std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink) override {
        home_.sink = &sink;
        if (auto checked = check(home_.link); !checked) {
            return checked;
        }
        for (const std::string& endpoint : options_.endpoints) {
            auto subscription = std::make_unique<ZmqSubscription>(home_);
            if (auto started = subscription->start(endpoint); !started) {
                subscriptions_.clear();
                return started;
            }
            endpoints_.push_back(subscription->endpoint());
            subscriptions_.push_back(std::move(subscription));
        }
        return {};
    }

    AsioExecutor& executor() noexcept override { return home_.executor; }
    const std::vector<std::string>& endpoints() const noexcept override { return endpoints_; }
    const ZmqCounters& counters() const noexcept override { return counters_; }

    void stop_listening() override {
        for (const auto& subscription : subscriptions_) {
            subscription->stop_listening();
        }
    }

    void close_all(std::move_only_function<void()> closed) override {
        closed_ = std::move(closed);
        open_ = subscriptions_.size();
        for (const auto& subscription : subscriptions_) {
            subscription->close(core::while_alive(weak_from_this(), [this] { one_closed(); }));
        }
    }

private:
    void one_closed() {
        if (--open_ == 0) {
            subscriptions_.clear();
            executor().post(std::exchange(closed_, nullptr));
        }
    }

    ZmqCounters counters_;
    const ZmqSubscriberOptions options_;
    ZmqSubscription::Home home_;
    std::vector<std::unique_ptr<ZmqSubscription>> subscriptions_;
    std::vector<std::string> endpoints_;
    std::size_t open_ = 0;
    std::move_only_function<void()> closed_;
};

}  // namespace

std::shared_ptr<ZmqSubscriber> make_acceptor(AsioExecutor& executor, ZmqSubscriberOptions options) {
    return std::make_shared<ZmqSubscriberImpl>(executor, std::move(options));
}

}  // namespace warren::transport
