#include "transport/zmq/subscriber.hpp"

#include "core/assert.hpp"
#include "transport/zmq/subscription.hpp"

#include <zmq.h>

#include <utility>
#include <variant>

namespace warren::transport {

class ZmqSubscriber::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(AsioExecutor& executor, ZmqSubscriberOptions options)
        : options_{std::move(options)},
          home_{executor,
                options_,
                {ZMQ_SUB, options_.security, options_.limits, options_.connect_timeout,
                 std::holds_alternative<ZmqPlain>(options_.security)},
                nullptr,
                counters_} {
        WARREN_ASSERT(!options_.endpoints.empty());
    }

    std::expected<void, Failure> start(runtime::StreamAcceptorSink& sink) {
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

    AsioExecutor& executor() noexcept { return home_.executor; }
    const std::vector<std::string>& endpoints() const noexcept { return endpoints_; }
    const ZmqCounters& counters() const noexcept { return counters_; }

    void stop_listening() noexcept {
        for (const auto& subscription : subscriptions_) {
            subscription->stop_listening();
        }
    }

    void close_all(std::move_only_function<void()> closed) {
        closed_ = std::move(closed);
        open_ = subscriptions_.size();
        for (const auto& subscription : subscriptions_) {
            subscription->close([weak = weak_from_this()] {
                if (const auto self = weak.lock()) {
                    self->one_closed();
                }
            });
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

ZmqSubscriber::ZmqSubscriber(AsioExecutor& executor, ZmqSubscriberOptions options)
    : impl_{std::make_shared<Impl>(executor, std::move(options))} {}

ZmqSubscriber::~ZmqSubscriber() = default;

std::expected<void, Failure> ZmqSubscriber::start(runtime::StreamAcceptorSink& sink) {
    return impl_->start(sink);
}
const std::vector<std::string>& ZmqSubscriber::endpoints() const noexcept {
    return impl_->endpoints();
}
runtime::Executor& ZmqSubscriber::executor() noexcept {
    return impl_->executor();
}
void ZmqSubscriber::stop_listening() {
    impl_->stop_listening();
}
void ZmqSubscriber::close_all(std::move_only_function<void()> closed) {
    impl_->close_all(std::move(closed));
}
const ZmqCounters& ZmqSubscriber::counters() const noexcept {
    return impl_->counters();
}

}  // namespace warren::transport
