#pragma once

#include "protocol/message_dialect.hpp"
#include "runtime/job.hpp"
#include "runtime/ports.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace warren::runtime {

class MessageJob;

/// Brings finished jobs back to the I/O thread: one post for all that finish until it runs.
class Mailbox {
public:
    Mailbox(Executor& executor, std::move_only_function<void()> on_mail);
    ~Mailbox();

    /// thread any
    void put(std::unique_ptr<MessageJob> job) noexcept;
    /// Take all, in the order they came; linked by `next_task`. thread the I/O thread
    MessageJob* take_all() noexcept;
    /// What comes from now on is destroyed unread. thread the I/O thread
    void close() noexcept;

private:
    friend class MailboxPost;
    Executor& executor_;
    std::move_only_function<void()> on_mail_;
    std::atomic<MessageJob*> newest_ = nullptr;
    std::atomic<bool> open_ = true;
};

/// A call that came as a message, until its delivery is settled and the broker has surely seen so.
class MessageJob final : public Job {
public:
    explicit MessageJob(const protocol::MessageDialect& dialect) noexcept : dialect_{dialect} {}

    void finished(std::unique_ptr<Job> self) noexcept override;

    /// Make it as new, keeping memory in the usual sizes.
    void reuse() noexcept;
    /// Memory that its reply holds.
    std::size_t reply_bytes() const noexcept { return body.capacity(); }
    bool has_reply() const noexcept { return reply.has_value(); }

    DeliveryId delivery{};  // as it can be settled now
    protocol::ReplyAddress address{};
    std::uint64_t body_hash = 0;
    bool given_back = false;  // its result matters to nobody any more
    std::size_t place = 0;    // among those in flight
    std::shared_ptr<Mailbox> mailbox{};

    std::string body;                           // of the reply
    std::optional<protocol::Envelope> reply{};  // views this job
    std::uint64_t replied_in = 0;  // the generation that the reply was sent in; 0: not sent

private:
    const protocol::MessageDialect& dialect_;
};

}  // namespace warren::runtime
