#pragma once

#include <warren/error.hpp>

#include "protocol/topology.hpp"
#include "transport/amqp/link.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace warren::transport {

/// What a broker has of what would be declared.
enum class Presence : std::uint8_t {
    equal,
    different,  // in what its words say
    missing,
    forbidden,  // this user may not
    in_use,     // by another connection, alone
    refused,    // for another reason, which its words say
};

struct AuditedPart {
    bool is_queue = false;
    std::string name{};
    Presence presence = Presence::equal;
    std::string words{};  // the broker's; empty: it said nothing
};

/// Holds a topology against what is in a broker, and changes nothing there: what is missing is not
/// declared, and a declaration of what is there compares. Bindings cannot be asked for.
/// thread the I/O thread
class TopologyAudit final : public LinkUser, public ChannelUser {
public:
    /// err  the broker could not be reached, or ended the connection
    using OnDone = std::move_only_function<void(std::expected<std::vector<AuditedPart>, Failure>)>;

    /// in   link: outlives this. on_done: called once
    TopologyAudit(Link& link, protocol::Topology topology, OnDone on_done);
    TopologyAudit(const TopologyAudit&) = delete;
    TopologyAudit& operator=(const TopologyAudit&) = delete;
    ~TopologyAudit();

    void on_up() override { ask(); }
    void on_down(const Failure& why) override;
    void on_attempt_failed(const Failure& why, RetryClass retry) override;
    void on_blocked(std::string_view) override {}  // of messages, of which there are none
    void on_unblocked() override {}
    void on_channel_event(const amqp::Event& event) override;

private:
    void ask();
    bool is_asked_twice() const;
    void next(Presence presence, std::string_view words);
    void finish(std::expected<void, Failure> outcome);
    void later(void (TopologyAudit::*step)());

    Link& link_;
    const protocol::Topology topology_;
    OnDone on_done_;
    std::vector<AuditedPart> parts_;
    std::size_t at_ = 0;     // of its exchanges, then of its queues
    bool is_there_ = false;  // that one: it is compared now
    bool is_done_ = false;
    amqp::ChannelNumber channel_ = 0;
    std::shared_ptr<TopologyAudit*> life_ = std::make_shared<TopologyAudit*>(this);
};

}  // namespace warren::transport
