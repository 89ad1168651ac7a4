#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "protocol/topology.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/link.hpp"

#include <functional>
#include <memory>
#include <string>

namespace warren::transport {

/// Sees to it that exchanges and bindings stay there: AMQP tells nobody when they are deleted.
/// Every so often they are declared anew, which changes nothing where they are, on a channel that
/// nothing else depends on. Who may not, is told once in the life of a connection.
/// thread the I/O thread
class TopologyWatch final : public ChannelUser {
public:
    using Report = std::function<void(LogLevel, const Failure&)>;

    /// in   link: outlives this
    TopologyWatch(Link& link, Report report);
    TopologyWatch(const TopologyWatch&) = delete;
    TopologyWatch& operator=(const TopologyWatch&) = delete;
    ~TopologyWatch();

    /// All of it is there now.
    /// in   topology, queue: as they were declared; outlive the watch, or its `stop`
    ///      also: done in each round, too; may be empty
    void start(const protocol::Topology& topology, std::string queue,
               std::function<void()> also = {});
    /// The connection is gone, or it is not needed any more.
    void stop() noexcept;

    void on_channel_event(const amqp::Event& event) override;

private:
    void wait();
    void declare();

    Link& link_;
    const Report report_;
    const protocol::Topology* topology_ = nullptr;
    std::string queue_;
    std::function<void()> also_;
    runtime::Executor::TimerId timer_ = 0;
    amqp::ChannelNumber channel_ = 0;  // 0: none
    Declarations declarations_;
    bool is_refused_ = false;
};

}  // namespace warren::transport
