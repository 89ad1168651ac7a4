#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "amqp/connection_core.hpp"
#include "transport/amqp/endpoint.hpp"
#include "transport/loop/asio_executor.hpp"
#include "transport/net/connect_failure.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace warren::transport {

/// Who shares a connection. The link calls it on the I/O thread, never inside a call of the user's
/// to the link; what it calls may detach, but not destroy the link.
class LinkUser {
public:
    /// Connected: channels can be opened.
    virtual void on_up() = 0;
    /// The connection is gone, with every channel; `on_up` comes again.
    virtual void on_down(const Failure& why) = 0;
    /// An attempt failed; further ones follow.
    virtual void on_attempt_failed(const Failure& why, RetryClass retry) = 0;
    virtual void on_blocked(std::string_view reason) = 0;
    virtual void on_unblocked() = 0;
    /// The output of this turn is about to be written: the last moment to add to it.
    virtual void before_write() {}

protected:
    ~LinkUser() = default;
};

/// Who a channel belongs to.
class ChannelUser {
public:
    /// in  an event of the channel, valid during the call; after `ChannelClosed` none comes. When
    ///     the connection goes none comes either: see `LinkUser::on_down`
    virtual void on_channel_event(const amqp::Event& event) = 0;

protected:
    ~ChannelUser() = default;
};

struct LinkOptions {
    /// Hears of changes: connected, lost, refused. An attempt that fails like the last one is
    /// silent. May be null; outlives the link.
    Log* log = nullptr;
};

/// One connection to a broker that comes back by itself, shared by any number of users. Transports
/// hold it; the executor outlives it. Its end drops the connection as it is; see `close`.
/// thread the I/O thread
class Link {
public:
    virtual ~Link() = default;

    virtual AsioExecutor& executor() noexcept = 0;
    virtual const AmqpEndpoint& endpoint() const noexcept = 0;
    virtual Log* log() const noexcept = 0;

    /// Log in otherwise, and trust others, from the next connection on; where there is none now,
    /// one is tried at once, and one that is there hears of another password of its user.
    /// in   endpoint: the same brokers
    virtual void renew(const AmqpEndpoint& endpoint) = 0;

    /// Connecting starts with the first user. When the link is up, `on_up` comes next turn.
    virtual void attach(LinkUser& user) = 0;
    virtual void detach(LinkUser& user) noexcept = 0;

    virtual bool up() const noexcept = 0;
    /// What connecting waits for, for messages; empty when it is up, or pauses.
    virtual std::string_view progress() const noexcept = 0;
    /// Whether the broker ended the last connection over something that was sent on it.
    virtual bool ended_by_exception() const noexcept = 0;
    /// Whether the last connection was closed as `close` asked, after all that was sent on it.
    virtual bool ended_in_order() const noexcept = 0;
    /// What this connection is for works: its loss starts a new row of attempts. Otherwise one does
    /// that stood for a while.
    virtual void worked() noexcept = 0;

    /// Where commands are given while the link is up; whoever gave some calls `touch`.
    virtual amqp::ConnectionCore& core() noexcept = 0;
    /// Have the output written at the end of this turn.
    virtual void touch() = 0;

    /// Open a channel and route its events.
    /// err  no_free_channel | not_connected
    virtual amqp::CommandResult<amqp::ChannelNumber> open_channel(ChannelUser& user) = 0;
    /// As `open_channel`, for what its user can go without: not one of those that are kept.
    virtual amqp::CommandResult<amqp::ChannelNumber> open_spare_channel(ChannelUser& user) = 0;
    /// So many channels are still to be opened for what nobody can go without.
    virtual void keep_channels(std::size_t count) noexcept = 0;
    /// Close a channel, if it is still open; its user hears nothing of it any more.
    virtual void close_channel(amqp::ChannelNumber channel) = 0;

    /// Write what is due, close the connection in order and stay closed. `closed` follows, at the
    /// latest after the connection's close timeout.
    virtual void close(std::move_only_function<void()> closed) = 0;
    /// Drop the connection as it is, and stay closed; its users hear that it is down.
    virtual void close_now() = 0;
};

std::shared_ptr<Link> make_link(AsioExecutor& executor, AmqpEndpoint endpoint,
                                LinkOptions options = {});

}  // namespace warren::transport
