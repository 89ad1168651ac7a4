#pragma once

#include "core/clock.hpp"
#include "protocol/stream_dialect.hpp"
#include "runtime/answer_backlog.hpp"
#include "runtime/job.hpp"
#include "runtime/mailbox.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace warren::runtime {

class StreamServer;

/// A connection by its place in its server's table; of one that is gone no other has the same.
struct SessionId {
    std::uint32_t place = 0;
    std::uint32_t generation = 0;

    friend auto operator<=>(const SessionId&, const SessionId&) = default;
};

/// A part of a response on its way to its connection.
struct StreamPart final : Mail {
    StreamPart(SessionId id, AnswerBacklog::Share& waits_with) noexcept
        : Mail{true}, session{id}, share{&waits_with} {}

    SessionId session;
    AnswerBacklog::Share* share;
    std::string bytes;
};

/// A call that came over a stream, until its answer is in its connection's output.
class StreamJob final : public Job {
public:
    StreamJob(StreamServer& server, const protocol::StreamDialect& dialect,
              std::shared_ptr<Mailbox> mailbox) noexcept
        : server_{server}, dialect_{dialect}, mailbox_{std::move(mailbox)} {}

    std::expected<void, Failure> write_part(const Value& data) override;
    /// While its request is being dispatched, write the answer where it leaves; otherwise encode
    /// it, on the thread that made it, and hand it to the I/O thread.
    void finished(std::unique_ptr<Job> self, At at) noexcept override;

    /// Append the answer; one that cannot be sent as it is goes to the log.
    void encode_reply(std::int64_t unix_ms, std::string& out);

    std::string_view obstacle() const noexcept override;

    /// Keep its request, as it came, for a worker to read.
    /// err  overloaded: it takes more memory than may be
    std::expected<std::unique_ptr<LargeRequest>, Failure> keep(
        std::unique_ptr<protocol::StreamCallDecoder> decoder, std::string_view caller,
        std::span<const std::byte> message);

    /// Make it as new, keeping memory.
    void reuse() noexcept;

    SessionId session{};
    MemoryHold held;                        // for the request as it came, if the I/O thread read it
    AnswerBacklog::Share* share = nullptr;  // of its connection, or of a later one at its place
    protocol::StreamTicket ticket{};        // as the request begins
    protocol::StreamTicket reply_ticket{};  // as all of it says
    // Of the I/O thread: it takes no place of others any more; its answer is not wanted, either.
    bool is_abandoned = false;
    bool is_cancelled = false;
    std::string reply;  // encoded; of one that was handed over
    bool has_parts = false;

private:
    class Unread;

    StreamServer& server_;
    const protocol::StreamDialect& dialect_;
    std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace warren::runtime
