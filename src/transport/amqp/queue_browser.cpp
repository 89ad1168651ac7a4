#include "transport/amqp/queue_browser.hpp"

#include "core/while_alive.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace warren::transport {
namespace {

/// Of messages that the broker counted and others have taken meanwhile nothing comes.
constexpr std::chrono::seconds silence_max{2};

}  // namespace

QueueBrowser::QueueBrowser(Link& link, std::string queue, OnMessage on_message, OnDone on_done)
    : link_{link},
      queue_{std::move(queue)},
      on_message_{std::move(on_message)},
      on_done_{std::move(on_done)},
      mover_{link, [this](runtime::DeliveryId delivery, const Failure* failed) {
                 on_sent(delivery.tag, failed);
             }} {
    link_.attach(*this);
}

QueueBrowser::~QueueBrowser() {
    link_.executor().cancel(silence_timer_);
    link_.detach(*this);
}

void QueueBrowser::send_on(std::uint64_t tag, const protocol::MessageView& message) {
    mover_.put({.generation = 1, .tag = tag}, message);
}

void QueueBrowser::on_up() {
    const auto opened = link_.open_channel(*this);
    if (!opened) {
        return finish(std::unexpected{explain(opened.error(), "A channel")});
    }
    channel_ = *opened;
    const auto asked =
        link_.core().queue_declare(channel_, {.queue = queue_, .passive = true, .arguments = {}});
    if (!asked) {
        return finish(std::unexpected{explain(asked.error(), "The queue '" + queue_ + "'")});
    }
    link_.touch();
}

void QueueBrowser::on_down(const Failure& why) {
    channel_ = 0;
    mover_.down();
    finish(std::unexpected{why});
}

void QueueBrowser::on_attempt_failed(const Failure& why, RetryClass) {
    finish(std::unexpected{why});
}

void QueueBrowser::on_blocked(std::string_view reason) {
    finish(std::unexpected{Failure{.code = Code::broker_blocked,
                                   .message = fmt::format("The broker at {} takes no messages: {}",
                                                          link_.endpoint().display(), reason)}});
}

void QueueBrowser::on_channel_event(const amqp::Event& event) {
    if (const auto* delivery = std::get_if<amqp::Delivery>(&event)) {
        if (is_taking_) {
            take(*delivery);
        }
    } else if (const auto* declared = std::get_if<amqp::QueueDeclared>(&event)) {
        left_ = declared->message_count;
        is_taking_ = left_ != 0;
        if (!is_taking_) {
            return finish({});
        }
        (void)link_.core().basic_consume(channel_, {.queue = queue_});
        link_.touch();
        await_next();
    } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
        channel_ = 0;
        finish(std::unexpected{
            explain(*closed, link_.endpoint(), fmt::format("The queue '{}'", queue_))});
    } else if (std::holds_alternative<amqp::ConsumerCancelled>(event)) {
        failure_ = Failure{
            .code = Code::connection_lost,
            .message = fmt::format("The queue '{}' was deleted, or its node is gone", queue_)};
        stop_taking();
    }
}

void QueueBrowser::take(const amqp::Delivery& delivery) {
    Arena arena;
    const std::uint64_t tag = delivery.delivery_tag;
    const Fate fate = on_message_(tag, to_view(delivery, arena));
    if (fate == Fate::goes) {
        (void)link_.core().basic_ack(channel_, {.delivery_tag = tag});
        link_.touch();
    }
    if (--left_ == 0 || fate == Fate::is_last) {
        stop_taking();
    } else {
        await_next();
    }
}

void QueueBrowser::await_next() {
    link_.executor().cancel(silence_timer_);
    silence_timer_ = link_.executor().post_at(
        link_.executor().now() + silence_max,
        core::while_alive(std::weak_ptr{life_}, [this] { stop_taking(); }));
}

void QueueBrowser::stop_taking() {
    is_taking_ = false;
    link_.executor().cancel(silence_timer_);
    finish_if_idle();
}

void QueueBrowser::on_sent(std::uint64_t tag, const Failure* failed) {
    if (failed != nullptr) {
        failure_ = failure_ ? failure_ : *failed;
    } else if (channel_ != 0) {
        ++sent_on_;
        (void)link_.core().basic_ack(channel_, {.delivery_tag = tag});
        link_.touch();
    }
    finish_if_idle();
}

void QueueBrowser::finish_if_idle() {
    if (!is_taking_ && mover_.is_idle()) {
        finish(failure_ ? std::expected<void, Failure>{std::unexpected{*failure_}}
                        : std::expected<void, Failure>{});
    }
}

/// What is not acknowledged goes back with the channel.
void QueueBrowser::finish(std::expected<void, Failure> outcome) {
    if (std::exchange(is_done_, true)) {
        return;
    }
    is_taking_ = false;
    if (channel_ != 0) {
        link_.close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
    }
    link_.executor().post(core::while_alive(
        std::weak_ptr{life_}, [this, ended = std::move(outcome)] { on_done_(ended); }));
}

}  // namespace warren::transport
