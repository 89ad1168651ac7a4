#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "protocol/topology.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/ack_batch.hpp"
#include "transport/amqp/backoff.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/topology_watch.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace warren::transport {

struct AmqpServerOptions {
    protocol::Topology topology{};  // declared on every connection, before consuming
    std::string queue{};            // what is consumed
    std::string control_key{};      // of `protocol::control_key`; empty: there is no such route
    std::uint16_t prefetch = 5;     // deliveries that are not settled yet, at most; 0: no limit
};

/// Knows how one queue is declared and consumed, and again whenever its channel or consumer is
/// lost, until it is stopped; and which of its deliveries are not settled yet. Must not know who
/// handles them, or what else is done on its channel: those events it passes on.
/// thread the I/O thread
class QueueConsumer final : public ChannelUser {
public:
    /// in   others: gets deliveries, and every event that is not about consuming; also the end of
    ///      the channel, before the sink hears of it. All outlive this
    QueueConsumer(Link& link, const AmqpServerOptions& options, ChannelUser& others);
    QueueConsumer(const QueueConsumer&) = delete;
    QueueConsumer& operator=(const QueueConsumer&) = delete;
    /// Closes the channel: what was not settled is delivered again.
    ~QueueConsumer();
    /// in   sink: hears whether the queue is consumed, and outlives this
    void report_to(runtime::ServerSink& sink) noexcept { sink_ = &sink; }

    /// The link is up.
    void open();
    /// It is down, with every channel.
    void down(const Failure& why);
    /// Take no further deliveries; `ServerSink::on_stopped` follows.
    void stop();
    /// Take them again.
    void resume();
    /// Take none for now, and keep those that came; `ServerSink::on_paused` follows.
    void pause();
    void unpause();
    /// Acknowledge a delivery, unless it is of an earlier channel, with the next `acknowledge`.
    void settle(runtime::DeliveryId delivery);
    void requeue(runtime::DeliveryId delivery);
    void reject(runtime::DeliveryId delivery);
    /// Tell the broker what was settled.
    void acknowledge();
    /// Have the broker answer (`QosSet`) when it has read all that is on the channel so far.
    /// out  false: it cannot be asked
    bool ask();

    /// 0 while there is none.
    const amqp::ChannelNumber& channel() const noexcept { return channel_; }
    runtime::DeliveryId id_of(const amqp::Delivery& delivery) const noexcept {
        return {.generation = generation_, .tag = delivery.delivery_tag};
    }
    /// It consumes, or pauses, and nothing else is asked that is answered like `ask`.
    bool is_steady() const noexcept {
        return (is_paused_ || !consumer_tag_.empty()) && declarations_.empty();
    }
    /// Log it, unless it is what was logged last.
    void log(LogLevel level, const Failure& failure);

    void on_channel_event(const amqp::Event& event) override;

private:
    void deliver(const amqp::Delivery& delivery, const amqp::Event& event);
    void refuse(std::uint64_t tag, bool is_requeued);
    void retry(std::chrono::milliseconds wait);
    void declare();
    std::expected<void, Failure> declare_all();
    void consuming(const amqp::ConsumeStarted& started);
    void cancel();
    void cancelled();
    void interrupted(const Failure& why);
    void exchanges_back();
    void stopped();
    void channel_closed(const amqp::ChannelClosed& closed);
    void lose(const Failure& why);
    std::chrono::milliseconds next_wait();

    Link& link_;
    const AmqpServerOptions options_;
    ChannelUser& others_;
    runtime::ServerSink* sink_ = nullptr;
    Backoff backoff_;
    runtime::Executor::TimerId retry_timer_ = 0;
    runtime::TimePoint consuming_since_{};
    amqp::ChannelNumber channel_ = 0;
    std::uint64_t generation_ = 0;  // of the channel
    bool announced_ = false;        // the sink knows of the generation
    bool stopping_ = false;
    bool is_paused_ = false;
    bool is_resuming_ = false;  // from a pause, which nobody hears of
    bool stop_reported_ = false;
    std::string consumer_tag_;  // empty: not consuming
    Declarations declarations_;
    AckBatch unsettled_;
    TopologyWatch watch_;
    std::string last_line_;
    std::shared_ptr<QueueConsumer*> life_ = std::make_shared<QueueConsumer*>(this);
};

}  // namespace warren::transport
