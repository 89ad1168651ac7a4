#include "transport/amqp/topology_audit.hpp"

#include "amqp/reply_code.hpp"
#include "core/while_alive.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/refusal.hpp"

#include <utility>
#include <variant>

namespace warren::transport {
namespace {

Presence presence_by(std::uint16_t code) noexcept {
    switch (code) {
    case amqp::reply_code::not_found:
        return Presence::missing;
    case amqp::reply_code::access_refused:
        return Presence::forbidden;
    case amqp::reply_code::resource_locked:
        return Presence::in_use;
    case amqp::reply_code::precondition_failed:
        return Presence::different;
    default:
        return Presence::refused;
    }
}

}  // namespace

TopologyAudit::TopologyAudit(Link& link, protocol::Topology topology, OnDone on_done)
    : link_{link}, topology_{std::move(topology)}, on_done_{std::move(on_done)} {
    for (const protocol::Exchange& exchange : topology_.exchanges) {
        parts_.push_back({.name = exchange.name});
    }
    for (const protocol::Queue& queue : topology_.queues) {
        parts_.push_back({.is_queue = true, .name = queue.name});
    }
    link_.attach(*this);
}

TopologyAudit::~TopologyAudit() {
    link_.detach(*this);
}

/// First whether it is there, then whether it is as it would be declared.
void TopologyAudit::ask() {
    if (is_done_) {
        return;
    }
    if (at_ == parts_.size()) {
        return finish({});
    }
    if (channel_ == 0) {
        const auto opened = link_.open_channel(*this);
        if (!opened) {
            return finish(std::unexpected{explain(opened.error(), "A channel")});
        }
        channel_ = *opened;
    }
    Declarations declarations;
    std::expected<void, Failure> asked;
    if (parts_[at_].is_queue) {
        protocol::Queue queue = topology_.queues[at_ - topology_.exchanges.size()];
        queue.passive = queue.passive || !is_there_;
        asked = declarations.declare(link_.core(), channel_, queue);
    } else {
        protocol::Exchange exchange = topology_.exchanges[at_];
        exchange.passive = exchange.passive || !is_there_;
        asked = declarations.declare(link_.core(), channel_, exchange);
    }
    if (!asked) {
        return next(Presence::refused, asked.error().message);
    }
    link_.touch();
}

bool TopologyAudit::is_asked_twice() const {
    return !is_there_ &&
           !(parts_[at_].is_queue ? topology_.queues[at_ - topology_.exchanges.size()].passive
                                  : topology_.exchanges[at_].passive);
}

void TopologyAudit::on_channel_event(const amqp::Event& event) {
    if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
        channel_ = 0;
        return next(presence_by(closed->code), closed->text);
    }
    if (!std::holds_alternative<amqp::QueueDeclared>(event) &&
        !std::holds_alternative<amqp::ExchangeDeclared>(event)) {
        return;
    }
    if (is_asked_twice()) {
        is_there_ = true;
        return later(&TopologyAudit::ask);
    }
    next(Presence::equal, {});
}

void TopologyAudit::next(Presence presence, std::string_view words) {
    parts_[at_].presence = presence;
    parts_[at_].words = peer_words(words);
    ++at_;
    is_there_ = false;
    later(&TopologyAudit::ask);
}

void TopologyAudit::later(void (TopologyAudit::*step)()) {
    link_.executor().post(
        core::while_alive(std::weak_ptr{life_}, [this, step] { (this->*step)(); }));
}

void TopologyAudit::on_down(const Failure& why) {
    channel_ = 0;
    finish(std::unexpected{why});
}

void TopologyAudit::on_attempt_failed(const Failure& why, RetryClass) {
    finish(std::unexpected{why});
}

void TopologyAudit::finish(std::expected<void, Failure> outcome) {
    if (std::exchange(is_done_, true)) {
        return;
    }
    link_.executor().post(
        core::while_alive(std::weak_ptr{life_}, [this, ended = std::move(outcome)] {
            on_done_(ended ? std::expected<std::vector<AuditedPart>, Failure>{std::move(parts_)}
                           : std::unexpected{ended.error()});
        }));
}

}  // namespace warren::transport
