#include "transport/amqp/topology_watch.hpp"

#include "amqp/methods/exchange.hpp"
#include "amqp/methods/queue.hpp"
#include "amqp/reply_code.hpp"
#include "transport/amqp/refusal.hpp"

#include <utility>
#include <variant>

namespace warren::transport {

TopologyWatch::TopologyWatch(Link& link, Report report, Found found)
    : link_{link}, report_{std::move(report)}, found_{std::move(found)} {}

TopologyWatch::~TopologyWatch() {
    stop();
}

void TopologyWatch::start(const protocol::Topology& topology, std::string queue,
                          std::function<void()> also) {
    stop();
    topology_ = &topology;
    queue_ = std::move(queue);
    also_ = std::move(also);
    is_refused_ = is_gone_ = false;
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
            look();
            if (also_) {
                also_();
            }
        });
    }
}

void TopologyWatch::look() {
    // What was asked last time may wait for a broker that takes no messages.
    if ((is_refused_ && !is_gone_) || !declarations_.empty() || !open()) {
        return;
    }
    if (!queue_.empty()) {
        (void)declarations_.declare(link_.core(), channel_,
                                    protocol::Queue{.name = queue_, .passive = true});
    }
    declare(true);
}

/// Ours first, so that it is known when one of them is what the broker does not find.
void TopologyWatch::declare(bool is_passive) {
    is_declaring_ = !is_passive;
    awaited_ = 0;
    for (const protocol::Exchange& exchange : topology_->exchanges) {
        if (!exchange.passive) {
            protocol::Exchange asked = exchange;
            asked.passive = is_passive;
            (void)declarations_.declare(link_.core(), channel_, asked);
            ++awaited_;
        }
    }
    for (const protocol::Exchange& exchange : topology_->exchanges) {
        if (exchange.passive) {
            (void)declarations_.declare(link_.core(), channel_, exchange);
        }
    }
    for (const protocol::Binding& binding : topology_->bindings) {
        (void)declarations_.bind(link_.core(), channel_, binding, queue_);
    }
    link_.touch();
}

bool TopologyWatch::open() {
    if (channel_ == 0 && link_.up()) {
        channel_ = link_.open_spare_channel(*this).value_or(amqp::ChannelNumber{0});
    }
    return channel_ != 0;
}

void TopologyWatch::on_channel_event(const amqp::Event& event) {
    if (const auto* const why = std::get_if<amqp::ChannelClosed>(&event)) {
        closed(*why);
    } else {
        answered(event);
    }
}

void TopologyWatch::answered(const amqp::Event& event) {
    if (std::holds_alternative<amqp::ExchangeDeclared>(event) && awaited_ != 0) {
        --awaited_;
    }
    if (declarations_.answered(event) && declarations_.empty() && std::exchange(is_gone_, false) &&
        found_.exchanges_back) {
        found_.exchanges_back();
    }
}

void TopologyWatch::closed(const amqp::ChannelClosed& closed) {
    channel_ = 0;
    Failure why = explain(closed, link_.endpoint(), declarations_.oldest());
    declarations_.clear();
    const bool is_missing = closed.code == amqp::reply_code::not_found && !is_declaring_;
    if (is_missing && found_.queue_gone && is_over(closed, amqp::QueueDeclare::id)) {
        stop();
        return found_.queue_gone(why);
    }
    if (is_missing && awaited_ != 0 && is_over(closed, amqp::ExchangeDeclare::id)) {
        return exchange_gone(std::move(why));
    }
    is_refused_ = closed.code == amqp::reply_code::access_refused;
    report_(LogLevel::warning, why);
}

void TopologyWatch::exchange_gone(Failure why) {
    why.message += "; somebody has deleted it: declaring it and its bindings again";
    report_(LogLevel::warning, why);
    const bool is_new = !std::exchange(is_gone_, true);
    if (open()) {
        declare(false);
    }
    if (is_new && found_.exchange_gone) {
        found_.exchange_gone(why);
    }
}

}  // namespace warren::transport
