#pragma once

#include <warren/error.hpp>

#include "protocol/message_view.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/sent_requests.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace warren::transport {

class RequestChannelUser {
public:
    /// The broker confirms from now on what is published.
    virtual void on_confirming() = 0;
    /// A request has found that an exchange is gone.
    virtual void on_exchange_gone(std::string_view exchange) = 0;
    /// There is no channel for requests.
    virtual void on_no_channel(const Failure& why) = 0;

protected:
    ~RequestChannelUser() = default;
};

/// Knows how requests are published, mandatory and confirmed, and what became of each; a request
/// that closes the channel costs nothing but a new one. Must not know how replies come, or whether
/// they can.
/// thread the I/O thread
class RequestChannel final : public ChannelUser {
public:
    /// in   delivery_mode: of every request; none: as it says itself. The others outlive this
    RequestChannel(Link& link, std::optional<std::uint8_t> delivery_mode, RequestChannelUser& user);
    /// in   sink: hears what became of each request, and outlives this
    void report_to(runtime::ClientSink& sink) noexcept { sent_.report_to(sink); }

    /// Requests may follow at once: the broker works off a channel in order.
    /// in   shared: another's channel, which passes its events on; 0: one of its own
    void open(amqp::ChannelNumber shared);
    /// Close it, where it is its own, and forget what was published: the sink knows.
    void close();
    /// The shared channel was closed.
    void shared_closed(const amqp::ChannelClosed& closed);
    /// The sink hears what becomes of it, unless it cannot be published.
    std::expected<void, Failure> publish(std::uint64_t token, const protocol::MessageView& request);

    void on_channel_event(const amqp::Event& event) override;

private:
    void settle(SentRequests::Consumed requests, const amqp::ChannelClosed& closed);

    Link& link_;
    const std::optional<std::uint8_t> delivery_mode_;
    RequestChannelUser& user_;
    amqp::ChannelNumber channel_ = 0;  // 0: none
    bool is_shared_ = false;
    SentRequests sent_;
};

}  // namespace warren::transport
