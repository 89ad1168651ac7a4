#include "transport/memory/connection.hpp"

#include "core/while_alive.hpp"

#include <utility>

namespace warren::transport {
namespace {

Failure broken() {
    return {.code = Code::connection_lost, .message = "The connection to the broker broke"};
}

}  // namespace

void MemoryConnection::connect() {
    if (!reconnects_ || connected_) {
        return;
    }
    // What `open` posts belongs to the new connection.
    ++number_;
    connected_ = true;
    if (const auto opened = open(); !opened) {
        break_off(opened.error(), reconnect_delay_);
    }
}

void MemoryConnection::connect_soon() {
    broker_.executor().post(core::while_alive(weak_from_this(), [this] { connect(); }));
}

void MemoryConnection::connect_at(runtime::TimePoint when) {
    broker_.executor().post_at(when, core::while_alive(weak_from_this(), [this] { connect(); }));
}

void MemoryConnection::close(const Failure& why) {
    if (connected_) {
        break_off(why, reconnect_delay_);
    }
}

void MemoryConnection::break_off(const Failure& why, std::chrono::milliseconds delay) {
    connected_ = false;
    broker_.forget(*this, this);
    lost(why);
    if (reconnects_) {
        connect_at(broker_.executor().now() + delay);
    }
}

void MemoryConnection::abandon() {
    reconnects_ = false;
    connected_ = false;
    ++number_;
    broker_.forget(*this, this);
}

void MemoryConnection::cancelled() {
    post([this] {
        close({.code = Code::connection_lost,
               .message = "The broker cancelled the consumer: its queue was deleted"});
    });
}

std::function<void()> MemoryConnection::on_this(std::function<void()> function) {
    return [weak = weak_from_this(), number = number_, function = std::move(function)] {
        const auto self = weak.lock();
        if (self && self->connected_ && self->number_ == number) {
            function();
        }
    };
}

void MemoryConnection::post(std::function<void()> function) {
    broker_.executor().post(on_this(std::move(function)));
}

void MemoryConnection::transmit(Hop hop, std::string_view routing_key,
                                std::function<void()> arrive) {
    const std::optional<Fault> fault = broker_.faults().next(hop, routing_key);
    if (!fault) {
        post(std::move(arrive));
        return;
    }
    switch (fault->kind) {
    case Fault::Kind::drop:
        return;
    case Fault::Kind::delay:
        broker_.executor().post_at(broker_.executor().now() + fault->delay,
                                   on_this(std::move(arrive)));
        return;
    case Fault::Kind::duplicate:
        post(arrive);
        post(std::move(arrive));
        return;
    case Fault::Kind::redeliver:
        post(std::move(arrive));
        post([this] { break_off(broken(), std::chrono::milliseconds{0}); });
        return;
    case Fault::Kind::close_before:
        post([this] { break_off(broken(), reconnect_delay_); });
        return;
    case Fault::Kind::close_after:
        post(std::move(arrive));
        post([this] { break_off(broken(), reconnect_delay_); });
        return;
    case Fault::Kind::block:
        post(std::move(arrive));
        post([this] { broker_.set_blocked(true); });
        return;
    case Fault::Kind::unblock:
        post(std::move(arrive));
        post([this] { broker_.set_blocked(false); });
        return;
    }
}

}  // namespace warren::transport
