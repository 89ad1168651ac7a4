#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "protocol/topology.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/link.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace warren::transport {

/// Sees to it that exchanges and bindings stay there: AMQP tells nobody when they are deleted.
/// Every so often it asks for the queue and for the exchanges, and binds anew, which changes
/// nothing where that is bound, on a channel that nothing else depends on. An exchange that is gone
/// is declared again at once. Who may not, is told once in the life of a connection.
/// thread the I/O thread
class TopologyWatch final : public ChannelUser {
public:
    using Report = std::function<void(LogLevel, const Failure&)>;

    /// Who hears of what was found; it may stop the watch. Each may be empty.
    struct Found {
        std::function<void(const Failure& why)> exchange_gone{};
        std::function<void()> exchanges_back{};
        std::function<void(const Failure& why)> queue_gone{};  // and the watch has stopped
    };

    /// in   link: outlives this
    TopologyWatch(Link& link, Report report, Found found);
    TopologyWatch(const TopologyWatch&) = delete;
    TopologyWatch& operator=(const TopologyWatch&) = delete;
    ~TopologyWatch();

    /// All of it is there now.
    /// in   topology: as it was declared; outlives the watch, or its `stop`
    ///      queue: what it is bound to, and looked for; empty: none
    ///      also: done in each round, too; may be empty
    void start(const protocol::Topology& topology, std::string queue,
               std::function<void()> also = {});
    /// The connection is gone, or it is not needed any more.
    void stop() noexcept;

    void on_channel_event(const amqp::Event& event) override;

private:
    void wait();
    void look();
    void declare(bool is_passive);
    bool open();
    void answered(const amqp::Event& event);
    void closed(const amqp::ChannelClosed& closed);
    void exchange_gone(Failure why);

    Link& link_;
    const Report report_;
    const Found found_;
    const protocol::Topology* topology_ = nullptr;
    std::string queue_;
    std::function<void()> also_;
    runtime::Executor::TimerId timer_ = 0;
    amqp::ChannelNumber channel_ = 0;  // 0: none
    Declarations declarations_;
    bool is_refused_ = false;
    std::size_t awaited_ = 0;    // exchanges of ours that the broker was asked for
    bool is_declaring_ = false;  // what is gone, instead of asking for it
    bool is_gone_ = false;       // an exchange is, as far as is known
};

}  // namespace warren::transport
