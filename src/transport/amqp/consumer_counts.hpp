#pragma once

#include <warren/error.hpp>

#include "transport/amqp/link.hpp"

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace warren::transport {

/// Asks the broker how many consumers a queue has, on a channel that nothing else depends on: a
/// question that it does not answer closes this channel, and no other.       [AMQP 0-9-1 1.7.2.1]
/// thread the I/O thread
class ConsumerCounts final : public ChannelUser {
public:
    /// in  consumers: or why the broker does not say: a queue is missing, or another connection's
    using Report = std::function<void(std::uint64_t token,
                                      const std::expected<std::uint32_t, Failure>& consumers)>;

    /// in   link: outlives this
    ConsumerCounts(Link& link, Report report);
    ConsumerCounts(const ConsumerCounts&) = delete;
    ConsumerCounts& operator=(const ConsumerCounts&) = delete;
    ~ConsumerCounts();

    /// out  false: it cannot be asked
    bool ask(std::uint64_t token, std::string_view queue);
    /// The connection is gone, or not needed: who asked hears nothing.
    void suspend() noexcept;

    void on_channel_event(const amqp::Event& event) override;

private:
    struct Question {
        std::uint64_t token = 0;
        std::string queue;
    };

    bool send(const Question& question);
    void answered(std::uint32_t consumers);

    Link& link_;
    const Report report_;
    amqp::ChannelNumber channel_ = 0;  // 0: none
    std::deque<Question> asked_;       // the oldest first, all sent
};

}  // namespace warren::transport
