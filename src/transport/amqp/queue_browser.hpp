#pragma once

#include <warren/error.hpp>

#include "protocol/message_view.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/request_mover.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace warren::transport {

/// Looks through what waits in a queue, once, from its oldest message on. All of it is taken
/// without an acknowledgement, and goes back where it was when the look is over: a process that
/// ends meanwhile loses nothing. What is to go is acknowledged one by one, and what is to go
/// elsewhere once the broker has confirmed it there.
/// thread the I/O thread
class QueueBrowser final : public LinkUser, public ChannelUser {
public:
    /// What becomes of a message; what has begun goes on when no more are wanted.
    enum class Fate : std::uint8_t {
        stays,
        goes,
        is_last,  // it stays, and no more are wanted
    };
    using OnMessage =
        std::move_only_function<Fate(std::uint64_t tag, const protocol::MessageView& message)>;
    using OnDone = std::move_only_function<void(std::expected<void, Failure>)>;

    /// in   link: outlives this. on_done: called once, when everything is settled
    QueueBrowser(Link& link, std::string queue, OnMessage on_message, OnDone on_done);
    QueueBrowser(const QueueBrowser&) = delete;
    QueueBrowser& operator=(const QueueBrowser&) = delete;
    ~QueueBrowser();

    /// Send one elsewhere, from `OnMessage`, which lets it stay: it goes when that is confirmed.
    void send_on(std::uint64_t tag, const protocol::MessageView& message);
    std::uint64_t sent_on() const noexcept { return sent_on_; }

    void on_up() override;
    void on_down(const Failure& why) override;
    void on_attempt_failed(const Failure& why, RetryClass retry) override;
    void on_blocked(std::string_view reason) override;
    void on_unblocked() override {}
    void on_channel_event(const amqp::Event& event) override;

private:
    void take(const amqp::Delivery& delivery);
    void await_next();
    void stop_taking();
    void on_sent(std::uint64_t tag, const Failure* failed);
    void finish_if_idle();
    void finish(std::expected<void, Failure> outcome);

    Link& link_;
    const std::string queue_;
    OnMessage on_message_;
    OnDone on_done_;
    RequestMover mover_;
    amqp::ChannelNumber channel_ = 0;
    runtime::Executor::TimerId silence_timer_ = 0;
    std::uint64_t left_ = 0;
    std::uint64_t sent_on_ = 0;
    bool is_taking_ = false;
    bool is_done_ = false;
    std::optional<Failure> failure_;  // the first one
    std::shared_ptr<QueueBrowser*> life_ = std::make_shared<QueueBrowser*>(this);
};

}  // namespace warren::transport
