#include "transport/amqp/topology_watch.hpp"

#include "amqp/reply_code.hpp"
#include "transport/amqp/refusal.hpp"

#include <utility>

namespace warren::transport {

TopologyWatch::TopologyWatch(Link& link, Report report) : link_{link}, report_{std::move(report)} {}

TopologyWatch::~TopologyWatch() {
    stop();
}

void TopologyWatch::start(const protocol::Topology& topology, std::string queue,
                          std::function<void()> also) {
    stop();
    topology_ = &topology;
    queue_ = std::move(queue);
    also_ = std::move(also);
    is_refused_ = false;
    wait();
}

void TopologyWatch::stop() noexcept {
    link_.executor().cancel(timer_);
    declarations_.clear();
    if (channel_ != 0) {
        link_.close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
    }
}

void TopologyWatch::wait() {
    const auto pause = link_.endpoint().topology_check;
    if (pause.count() != 0) {
        timer_ = link_.executor().post_at(link_.executor().now() + pause, [this] {
            wait();
            declare();
            if (also_) {
                also_();
            }
        });
    }
}

void TopologyWatch::declare() {
    const bool has_any = !topology_->exchanges.empty() || !topology_->bindings.empty();
    // What was asked last time may wait for a broker that takes no messages.
    if (is_refused_ || !has_any || !declarations_.empty() || !link_.up()) {
        return;
    }
    if (channel_ == 0) {
        const auto opened = link_.open_spare_channel(*this);
        if (!opened) {
            return;
        }
        channel_ = *opened;
    }
    for (const protocol::Exchange& exchange : topology_->exchanges) {
        (void)declarations_.declare(link_.core(), channel_, exchange);
    }
    for (const protocol::Binding& binding : topology_->bindings) {
        (void)declarations_.bind(link_.core(), channel_, binding, queue_);
    }
    link_.touch();
}

void TopologyWatch::on_channel_event(const amqp::Event& event) {
    const auto* const closed = std::get_if<amqp::ChannelClosed>(&event);
    if (closed == nullptr) {
        declarations_.answered(event);
        return;
    }
    channel_ = 0;
    is_refused_ = closed->code == amqp::reply_code::access_refused;
    report_(LogLevel::warning, explain(*closed, link_.endpoint(), declarations_.oldest()));
    declarations_.clear();
}

}  // namespace warren::transport
