#pragma once

#include <warren/error.hpp>

#include "protocol/envelope.hpp"
#include "protocol/message.hpp"
#include "runtime/ports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/name_set.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace warren::transport {

class ReplyTrialsUser {
public:
    /// in  refused: null: the broker has it
    virtual void on_tried(runtime::DeliveryId delivery, const Failure* refused) = 0;
    virtual void on_unroutable(const protocol::Envelope& reply) = 0;

protected:
    ~ReplyTrialsUser() = default;
};

/// Whether a direct address is one that a broker can read. One that is not ends the connection that
/// a reply to it is published on.                                     [RabbitMQ, direct reply-to]
bool is_readable(std::string_view direct_address);

/// Replies that may break what they are sent on: a broker closes the channel over one that is too
/// large or goes to an exchange that is gone, and the whole connection over a direct address that
/// it cannot read. They go on a connection of their own, which exists while it is needed. After a
/// break each goes alone, so that it shows which one the broker refuses; the others take no harm.
/// thread the I/O thread
class ReplyTrials final : public LinkUser, public ChannelUser {
public:
    /// in  main: the connection that is to be spared; user: both outlive this
    ReplyTrials(Link& main, ReplyTrialsUser& user);
    ReplyTrials(const ReplyTrials&) = delete;
    ReplyTrials& operator=(const ReplyTrials&) = delete;
    ~ReplyTrials();

    /// Send a reply; the user hears how it fared, not inside of this call.
    void add(runtime::DeliveryId delivery, const protocol::Envelope& reply);
    /// Whether the broker has taken a reply to the same address before, and refused none so small.
    bool is_proven(const protocol::Envelope& reply) {
        return reply.body.size() < refused_bytes_min_ && proven_.contains(key_of(reply));
    }
    /// Whether a reply to the same address, or to one as unreadable, has cost a connection before.
    bool is_hopeless(const protocol::Envelope& reply);
    void forget_proven() { proven_ = {}; }
    /// A reply of so many bytes was refused for its size.
    void note_refused_size(std::size_t bytes) noexcept {
        refused_bytes_min_ = std::min(refused_bytes_min_, bytes);
    }

    void on_up() override;
    void on_down(const Failure& why) override;
    void on_attempt_failed(const Failure& why, Refusal refusal) override;
    void on_blocked(std::string_view) override {}
    void on_unblocked() override {}
    void on_channel_event(const amqp::Event& event) override;

    /// How often one reply is sent, alone, before it counts as the reason of every break.
    static constexpr int attempts_max = 3;
    /// Connections in a row that cannot be made while the main one stands.
    static constexpr int dials_max = 3;
    /// Of replies that wait; one more is refused.
    static constexpr std::size_t waiting_max = 4096;
    static constexpr std::chrono::seconds idle_max{60};

private:
    enum class Break : std::uint8_t { channel, connection, cut };

    struct Entry {
        runtime::DeliveryId delivery;
        protocol::Message reply;
        int attempts = 0;
        bool is_redirected = false;  // past its exchange, to the queue itself
    };

    const std::string& key_of(const protocol::Envelope& reply);
    void later(std::move_only_function<void(ReplyTrials&)> function);
    void connect();
    void open_channel();
    void send();
    void confirmed(const amqp::Confirmed& confirmed);
    void returned(const amqp::Returned& returned);
    void broken(const Failure& why, Break how, std::uint16_t code = 0);
    void convict(Entry entry, const Failure& why, Break how, std::uint16_t code);
    static bool redirect(Entry& entry);
    void refuse_waiting(const std::string& reason);
    void watch_idle();
    void let_go();

    Link& main_;
    ReplyTrialsUser& user_;
    std::shared_ptr<Link> link_;  // null: none is needed
    amqp::ChannelNumber channel_ = 0;
    std::deque<Entry> waiting_;
    std::map<std::uint64_t, Entry> out_;  // by publish sequence number
    bool careful_ = false;                // one goes at a time
    int dials_ = 0;                       // that failed in a row
    Failure dial_failure_;                // of the last one
    std::size_t refused_bytes_min_ = SIZE_MAX;
    runtime::Executor::TimerId idle_timer_ = 0;
    NameSet proven_;
    NameSet hopeless_;
    bool unreadable_ends_ = false;  // a connection: this broker has shown it
    std::string proven_direct_;     // the last such address that took a reply
    std::string key_;
    std::shared_ptr<ReplyTrials*> life_ = std::make_shared<ReplyTrials*>(this);
};

}  // namespace warren::transport
