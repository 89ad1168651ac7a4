#include "transport/amqp/server_transport.hpp"

#include "amqp/methods/basic.hpp"
#include "core/while_alive.hpp"
#include "transport/amqp/control_queue.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/amqp/reply_channel.hpp"
#include "transport/amqp/request_mover.hpp"
#include "transport/amqp/shared_replies.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

namespace warren::transport {

using runtime::DeliveryId;
using runtime::Settlement;

namespace {

constexpr std::chrono::seconds flush_max{2};

class AmqpServerTransportImpl final : public AmqpServerTransport,
                                      public LinkUser,
                                      public ChannelUser,
                                      public ReplyChannelUser {
public:
    AmqpServerTransportImpl(std::shared_ptr<Link> link, const AmqpServerOptions& options)
        : link_{std::move(link)},
          consumer_{*link_, options, *this},
          control_{*link_, options.control_key,
                   [this](const protocol::MessageView& message) { sink_->on_control(message); }},
          mover_{*link_, [this](DeliveryId delivery, const Failure* failed) {
                     sink_->on_moved(delivery, failed);
                 }} {
        if (options.topology.replies_on == protocol::RepliesOn::own_channel) {
            own_replies_.emplace(*link_, *this);
        }
    }
    ~AmqpServerTransportImpl() override { link_->detach(*this); }

    void start(runtime::ServerSink& sink) override {
        sink_ = &sink;
        consumer_.report_to(sink);
        shared_replies_.report_to(sink);
        link_->attach(*this);
    }

    runtime::Executor& executor() noexcept override { return link_->executor(); }
    bool hears_control() const noexcept override { return control_.is_open(); }
    void requeue(DeliveryId delivery) override { consumer_.requeue(delivery); }
    void reject(DeliveryId delivery) override { consumer_.reject(delivery); }
    bool pause() override {
        consumer_.pause();
        return true;
    }
    void unpause() override { consumer_.unpause(); }
    bool can_move() const noexcept override { return mover_.can_move(); }
    void move(DeliveryId delivery, const protocol::MessageView& request,
              const protocol::RequestMove& move) override {
        mover_.move(delivery, request, move);
    }
    void stop_consuming() override { consumer_.stop(); }
    void resume_consuming() override { consumer_.resume(); }

    Settlement settle(DeliveryId delivery, const protocol::MessageView* reply) override {
        if (consumer_.channel() == 0) {
            return Settlement::not_connected;
        }
        if (reply != nullptr && !publish(delivery, *reply)) {
            return Settlement::on_trial;
        }
        consumer_.settle(delivery);
        link_->touch();
        return Settlement::sent;
    }

    void flush(std::move_only_function<void()> flushed) override {
        flushed_ = std::move(flushed);
        const auto end = core::while_alive(std::weak_ptr{life_}, [this] { end_flush(); });
        if (consumer_.channel() == 0 || !consumer_.ask()) {
            return link_->executor().post(end);
        }
        link_->executor().post_at(link_->executor().now() + flush_max, end);
    }

    bool ask() override {
        if (consumer_.channel() == 0 || asked_ || !consumer_.is_steady()) {
            return false;
        }
        // What was settled leaves before the question.
        consumer_.acknowledge();
        return asked_ = consumer_.ask();
    }

    void on_up() override {
        link_->keep_channels(own_replies_ ? 2 : 1);
        control_.open();
        link_->keep_channels(0);
        if (own_replies_) {
            own_replies_->open();
        }
        consumer_.open();
    }

    void on_down(const Failure& why) override {
        control_.close();
        mover_.down();
        if (own_replies_) {
            own_replies_->down(why, link_->ended_by_exception());
        }
        shared_replies_.connection_lost();
        forget_channel();
        consumer_.down(why);
    }

    void on_attempt_failed(const Failure&, RetryClass) override { sink_->on_unreachable(); }

    // Replies and acknowledgements wait in the output; the broker goes on to deliver.
    void on_blocked(std::string_view) override {}
    void on_unblocked() override {}
    void before_write() override { consumer_.acknowledge(); }

    void on_reply_accepted(DeliveryId delivery) override { sink_->on_tried(delivery, nullptr); }
    void on_reply_refused(DeliveryId delivery, const protocol::MessageView&,
                          const Failure& why) override {
        sink_->on_tried(delivery, &why);
    }
    void on_reply_lost(DeliveryId delivery, const protocol::MessageView& reply,
                       const Failure& why) override {
        sink_->on_reply_lost(delivery, reply, why);
    }
    void on_trouble(LogLevel level, const Failure& failure) override {
        consumer_.log(level, failure);
    }

    void on_channel_event(const amqp::Event& event) override {
        if (const auto* delivery = std::get_if<amqp::Delivery>(&event)) {
            deliver(*delivery);
        } else if (std::holds_alternative<amqp::QosSet>(event)) {
            answered();
        } else if (const auto* reply = std::get_if<amqp::Returned>(&event)) {
            shared_replies_.returned(*reply);
        } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
            if (is_over(*closed, amqp::BasicPublish::id)) {
                shared_replies_.channel_closed(*closed);
            }
            forget_channel();
        }
    }

private:
    void deliver(const amqp::Delivery& delivery) {
        if (own_replies_ && !delivery.redelivered) {
            own_replies_->seen(delivery.properties.reply_to.value_or(std::string_view{}));
        }
        arena_.reset();
        protocol::MessageView message = to_view(delivery, arena_);
        protocol::restore_moved(message, mover_.user(), link_->executor().unix_ms(), arena_);
        sink_->on_delivery(consumer_.id_of(delivery), message);
    }

    /// The broker has read what was sent before it was asked.
    void answered() {
        if (asked_) {
            asked_ = false;
            sink_->on_heard();
        } else if (flushed_ && (!shared_replies_.take_redirected() || !consumer_.ask())) {
            end_flush();
        }
    }

    /// out  false: it goes apart, and the sink hears of it before it is acknowledged
    bool publish(DeliveryId delivery, const protocol::MessageView& reply) {
        if (own_replies_) {
            // On another channel: an acknowledgement may be read where a reply is not.
            own_replies_->publish(delivery, reply);
            return false;
        }
        return shared_replies_.publish(delivery, reply);
    }

    void end_flush() {
        if (flushed_) {
            link_->executor().post(std::exchange(flushed_, nullptr));
        }
    }

    void forget_channel() {
        end_flush();
        asked_ = false;
    }

    const std::shared_ptr<Link> link_;
    runtime::ServerSink* sink_ = nullptr;
    QueueConsumer consumer_;
    ControlQueue control_;
    RequestMover mover_;
    SharedReplies shared_replies_{*link_, consumer_.channel()};
    std::optional<ReplyChannel> own_replies_;  // none: they share the consumer's channel
    bool asked_ = false;
    std::move_only_function<void()> flushed_;
    Arena arena_;
    std::shared_ptr<AmqpServerTransportImpl*> life_ =
        std::make_shared<AmqpServerTransportImpl*>(this);
};

}  // namespace

std::unique_ptr<AmqpServerTransport> make_amqp_server_transport(std::shared_ptr<Link> link,
                                                                const AmqpServerOptions& options) {
    return std::make_unique<AmqpServerTransportImpl>(std::move(link), options);
}

}  // namespace warren::transport
