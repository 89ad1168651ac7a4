#include "transport/amqp/request_mover.hpp"

#include "core/while_alive.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace warren::transport {

RequestMover::RequestMover(Link& link, OnMoved on_moved)
    : link_{link}, on_moved_{std::move(on_moved)} {}

RequestMover::~RequestMover() {
    if (channel_ != 0) {
        link_.close_channel(channel_);
    }
}

std::string_view RequestMover::user() const noexcept {
    const auto* const login = std::get_if<amqp::PlainLogin>(&link_.endpoint().connection.login);
    return login != nullptr ? std::string_view{login->user} : std::string_view{};
}

void RequestMover::move(runtime::DeliveryId delivery, const protocol::MessageView& request,
                        const protocol::RequestMove& move) {
    Arena arena;
    put(delivery, protocol::moved_request(request, move, user(), arena), move.declared);
}

void RequestMover::put(runtime::DeliveryId delivery, const protocol::MessageView& message,
                       std::optional<protocol::Queue> declared) {
    waiting_.push_back({.delivery = delivery,
                        .message = protocol::OwnedMessage{message},
                        .declared = std::move(declared)});
    send_soon();
}

void RequestMover::down() noexcept {
    channel_ = 0;
    is_out_ = false;
    waiting_.clear();
    returned_.reset();
}

/// Who gave one is not done yet.
void RequestMover::send_soon() {
    if (!is_out_ && !std::exchange(is_send_due_, true)) {
        link_.executor().post(core::while_alive(std::weak_ptr{life_}, [this] {
            is_send_due_ = false;
            send();
        }));
    }
}

void RequestMover::send() {
    if (is_out_ || waiting_.empty()) {
        return;
    }
    is_out_ = true;
    if (const auto sent = publish(waiting_.front()); !sent) {
        ended(&sent.error());
    }
}

std::expected<void, Failure> RequestMover::publish(const Waiting& next) {
    const auto failed = [&](amqp::CommandError error) {
        return std::unexpected{
            explain(error, fmt::format("The queue '{}'", next.message.routing_key()))};
    };
    if (!link_.up()) {
        return failed(amqp::CommandError::not_connected);
    }
    amqp::ConnectionCore& core = link_.core();
    if (channel_ == 0) {
        const auto opened = link_.open_spare_channel(*this);
        if (!opened) {
            return failed(opened.error());
        }
        channel_ = *opened;
        (void)core.confirm_select(channel_);
    }
    if (next.declared) {
        const protocol::Queue& queue = *next.declared;
        const auto asked = core.queue_declare(
            channel_,
            {.queue = queue.name, .durable = queue.durable, .arguments = queue.arguments.value()});
        if (!asked) {
            return failed(asked.error());
        }
    }
    const protocol::MessageView message = next.message.view();
    const auto number = core.basic_publish(
        channel_,
        {.exchange = message.exchange, .routing_key = message.routing_key, .mandatory = true},
        to_properties(message), message.body, message.headers);
    link_.touch();
    if (!number) {
        return failed(number.error());
    }
    return {};
}

void RequestMover::ended(const Failure* failed) {
    const runtime::DeliveryId delivery = waiting_.front().delivery;
    waiting_.pop_front();
    is_out_ = false;
    returned_.reset();
    if (!waiting_.empty()) {
        send_soon();
    }
    on_moved_(delivery, failed);
}

void RequestMover::on_channel_event(const amqp::Event& event) {
    if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
        channel_ = 0;
        if (is_out_) {
            const Failure why =
                explain(*closed, link_.endpoint(),
                        fmt::format("The queue '{}'", waiting_.front().message.routing_key()));
            ended(&why);
        }
    } else if (!is_out_) {
        return;
    } else if (const auto* returned = std::get_if<amqp::Returned>(&event)) {
        returned_ = Failure{.code = Code::no_responder,
                            .message = fmt::format("There is no queue '{}' at {}",
                                                   waiting_.front().message.routing_key(),
                                                   link_.endpoint().display()),
                            .peer_text = peer_words(returned->text)};
    } else if (const auto* confirmed = std::get_if<amqp::Confirmed>(&event)) {
        if (confirmed->outcome == amqp::Outcome::nack) {
            returned_ = Failure{.code = Code::overloaded,
                                .message = fmt::format("The queue '{}' at {} is full, or failed",
                                                       waiting_.front().message.routing_key(),
                                                       link_.endpoint().display())};
        }
        const std::optional<Failure> failed = std::exchange(returned_, std::nullopt);
        ended(failed ? &*failed : nullptr);
    }
}

}  // namespace warren::transport
