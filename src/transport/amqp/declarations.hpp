#pragma once

#include <warren/error.hpp>

#include "amqp/connection_core.hpp"
#include "protocol/topology.hpp"
#include "transport/amqp/endpoint.hpp"

#include <cstddef>
#include <deque>
#include <expected>
#include <string>

namespace warren::transport {

/// The commands that wait for the broker's word on one channel, oldest first. All are sent without
/// waiting for one another; when the broker closes the channel instead of answering, the oldest one
/// is to blame.
class Declarations {
public:
    /// Each gives a command, or one for each part of a topology, until one fails.
    /// err  invalid_request: what cannot be said in AMQP, such as a name over 255 bytes; or the
    ///      connection is going down, and nothing is expected then
    std::expected<void, Failure> declare(amqp::ConnectionCore& core, amqp::ChannelNumber channel,
                                         const protocol::Exchange& exchange);
    std::expected<void, Failure> declare(amqp::ConnectionCore& core, amqp::ChannelNumber channel,
                                         const protocol::Queue& queue);
    /// in  queue: what stands for a name that the broker chose
    std::expected<void, Failure> bind(amqp::ConnectionCore& core, amqp::ChannelNumber channel,
                                      const protocol::Binding& binding, std::string_view queue);
    std::expected<void, Failure> declare_exchanges(amqp::ConnectionCore& core,
                                                   amqp::ChannelNumber channel,
                                                   const protocol::Topology& topology);
    std::expected<void, Failure> declare(amqp::ConnectionCore& core, amqp::ChannelNumber channel,
                                         const protocol::Topology& topology,
                                         std::string_view queue);
    std::expected<void, Failure> set_prefetch(amqp::ConnectionCore& core,
                                              amqp::ChannelNumber channel, std::uint16_t count);
    std::expected<void, Failure> consume(amqp::ConnectionCore& core, amqp::ChannelNumber channel,
                                         const amqp::BasicConsume& consume);
    std::expected<void, Failure> cancel(amqp::ConnectionCore& core, amqp::ChannelNumber channel,
                                        std::string_view consumer_tag);

    /// in   an event of the channel
    /// out  whether it was the response to the oldest command, which is forgotten then
    bool answered(const amqp::Event& event);

    bool empty() const noexcept { return waiting_.empty(); }
    /// What the oldest command asked for, in words; empty when none waits.
    std::string oldest() const { return waiting_.empty() ? std::string{} : waiting_.front(); }
    void clear() noexcept { waiting_.clear(); }

private:
    std::expected<void, Failure> sent(const amqp::CommandResult<void>& result, std::string what);

    std::deque<std::string> waiting_;
};

/// A command that was not put on the wire, explained.
Failure explain(amqp::CommandError error, std::string_view what);

}  // namespace warren::transport
