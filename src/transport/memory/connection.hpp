#pragma once

#include <warren/error.hpp>

#include "transport/memory/broker.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace warren::transport {

/// What both ports have in common: a connection that messages travel on, which breaks as the script
/// of faults says and comes back by itself.
/// thread the I/O thread
class MemoryConnection : public MemoryConsumer,
                         public std::enable_shared_from_this<MemoryConnection> {
public:
    MemoryConnection(MemoryBroker& broker, std::chrono::milliseconds reconnect_delay) noexcept
        : broker_{broker}, reconnect_delay_{reconnect_delay} {}
    virtual ~MemoryConnection() = default;
    MemoryConnection(const MemoryConnection&) = delete;
    MemoryConnection& operator=(const MemoryConnection&) = delete;

    void connect();
    /// Connect, but not inside of this call.
    void connect_soon();
    /// Break; connect again later.
    void close(const Failure& why);
    /// Break for good, without a word.
    void abandon();

    void cancelled() final;

protected:
    /// Declare and consume; the connection is open when this succeeds.
    virtual std::expected<void, Failure> open() = 0;
    virtual void lost(const Failure& why) = 0;

    /// Run a function when a message arrives that leaves now: never inside of this call, and not at
    /// all when this connection breaks before, or the script has it so.
    void transmit(Hop hop, std::string_view routing_key, std::function<void()> arrive);
    /// The same without faults, for what is no message.
    void post(std::function<void()> function);

    MemoryBroker& broker_;
    std::uint64_t number_ = 0;  // of this connection, from 1
    bool connected_ = false;
    bool reconnects_ = true;

private:
    void connect_at(runtime::TimePoint when);
    void break_off(const Failure& why, std::chrono::milliseconds delay);
    /// in  `function` is run only on the connection that is open now
    std::function<void()> on_this(std::function<void()> function);

    std::chrono::milliseconds reconnect_delay_;
};

}  // namespace warren::transport
