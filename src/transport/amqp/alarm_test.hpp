#pragma once

#include "transport/amqp/link.hpp"

#include <functional>
#include <utility>

namespace warren::transport {

/// Finds out whether the broker takes messages. It says so (connection.blocked) to a connection
/// that has published, and reads no further from it: so one message that no queue takes is
/// published, on a channel of its own, which is closed at once. When that is confirmed the broker
/// reads on; also where the user may not publish to the default exchange, of which nothing else is
/// known then.          thread the I/O thread
class AlarmTest final : public ChannelUser {
public:
    /// in   link: outlives this; over: called when the broker takes messages, but not when it is
    ///      blocked
    AlarmTest(Link& link, std::function<void()> over) : link_{link}, over_{std::move(over)} {}
    AlarmTest(const AlarmTest&) = delete;
    AlarmTest& operator=(const AlarmTest&) = delete;
    ~AlarmTest() { stop(); }

    /// out  false: there is no channel for it
    bool start() {
        const auto opened = link_.open_spare_channel(*this);
        if (!opened) {
            return false;
        }
        channel_ = *opened;
        (void)link_.core().basic_publish(channel_, {.routing_key = "warren.alarm_test"}, {}, {});
        (void)link_.core().close_channel(channel_);
        link_.touch();
        return true;
    }
    void stop() noexcept {
        if (channel_ != 0) {
            link_.close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
        }
    }

    void on_channel_event(const amqp::Event& event) override {
        if (std::holds_alternative<amqp::ChannelClosed>(event)) {
            channel_ = 0;
            over_();
        }
    }

private:
    Link& link_;
    const std::function<void()> over_;
    amqp::ChannelNumber channel_ = 0;  // 0: none
};

}  // namespace warren::transport
