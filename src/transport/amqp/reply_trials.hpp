#pragma once

#include <warren/error.hpp>

#include "protocol/message_view.hpp"
#include "protocol/owned_message.hpp"
#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/reply_verdicts.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string_view>

namespace warren::transport {

class ReplyTrialsUser {
public:
    /// in  delivery: as it was given, or none when it is done; refused: null: the broker has it
    virtual void on_tried(runtime::DeliveryId delivery, const protocol::MessageView& reply,
                          const Failure* refused) = 0;
    /// There is no connection to try it on.
    virtual void on_untried(runtime::DeliveryId delivery, const protocol::MessageView& reply,
                            const Failure& why) = 0;
    /// What has become known of others speaks against it.
    virtual void on_hopeless(runtime::DeliveryId delivery, const protocol::MessageView& reply) = 0;
    virtual void on_unroutable(const protocol::MessageView& reply) = 0;

protected:
    ~ReplyTrialsUser() = default;
};

/// Replies that may break what they are sent on: a broker closes the channel over one that is too
/// large or goes to an exchange that is gone, and the whole connection over a direct address that
/// it cannot read, or of a node that it does not know. They go on a connection of their own, which
/// exists while it is needed. A stranger goes alone, when nothing else waits, and after a break
/// each does, so that it shows which one the broker refuses; the others take no harm.
/// thread the I/O thread
class ReplyTrials final : public LinkUser, public ChannelUser {
public:
    /// in  main: the connection that is to be spared; all outlive this
    ReplyTrials(Link& main, ReplyVerdicts& verdicts, ReplyTrialsUser& user);
    ReplyTrials(const ReplyTrials&) = delete;
    ReplyTrials& operator=(const ReplyTrials&) = delete;
    ~ReplyTrials();

    /// Send a reply; the user hears how it fared, not inside of this call.
    /// out  whether its delivery is done already: strangers that wait for each other hold no place
    ///      of those that are handled at once
    bool add(runtime::DeliveryId delivery, const protocol::MessageView& reply);
    /// Whether there is a second connection, or may be.
    bool can_try() const noexcept { return link_ == nullptr || link_->up() || dials_ < dials_max; }

    void on_up() override;
    void on_down(const Failure& why) override;
    void on_attempt_failed(const Failure& why, RetryClass retry) override;
    void on_blocked(std::string_view) override {}
    void on_unblocked() override {}
    void on_channel_event(const amqp::Event& event) override;

    /// How often one reply is sent, alone, before it counts as the reason of every break.
    static constexpr int attempts_max = 3;
    /// Connections in a row that cannot be made while the main one stands, and how long one is
    /// waited for, before replies do without.
    static constexpr int dials_max = 3;
    static constexpr std::chrono::seconds patience{2};
    /// Of replies that are kept, and of their bodies; one more is refused.
    static constexpr std::size_t kept_max = 4096;
    static constexpr std::size_t kept_bytes_max = std::size_t{64} << 20;
    /// Of strangers among them.
    static constexpr std::size_t strangers_max = 256;
    static constexpr std::chrono::seconds idle_max{60};

private:
    enum class Break : std::uint8_t { channel, connection, cut };

    struct Entry {
        runtime::DeliveryId delivery;
        protocol::OwnedMessage reply;
        int attempts = 0;
    };
    using Entries = std::deque<Entry>;

    void later(std::move_only_function<void()> function);
    void keep(Entries& where, Entry entry);
    protocol::MessageView let_go(const Entry& entry);
    void end(const Entry& entry, const Failure* refused);
    void connect();
    void open_channel();
    void send();
    void confirmed(const amqp::Confirmed& confirmed);
    void returned(const amqp::Returned& returned);
    void broken(const Failure& why, Break how, const amqp::ChannelClosed& closed = {});
    void convict(const Entry& entry, const Failure& why, Break how,
                 const amqp::ChannelClosed& closed);
    void sort_strangers();
    runtime::Executor::TimerId after(std::chrono::seconds wait, void (ReplyTrials::*function)());
    void watch_idle();
    void lose_patience();
    void close_idle();

    Link& main_;
    ReplyVerdicts& verdicts_;
    ReplyTrialsUser& user_;
    std::shared_ptr<Link> link_;  // null: none is needed
    amqp::ChannelNumber channel_ = 0;
    Entries waiting_;
    Entries strangers_;
    std::map<std::uint64_t, Entry> out_;  // by publish sequence number
    std::size_t kept_ = 0;                // in all of them
    std::size_t kept_bytes_ = 0;
    bool careful_ = false;          // one goes at a time
    bool is_stranger_out_ = false;  // while one is out
    int dials_ = 0;                 // that failed in a row
    Failure dial_failure_;          // of the last one
    runtime::Executor::TimerId idle_timer_ = 0;
    runtime::Executor::TimerId patience_timer_ = 0;
    std::shared_ptr<ReplyTrials*> life_ = std::make_shared<ReplyTrials*>(this);
};

}  // namespace warren::transport
