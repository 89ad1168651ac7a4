#pragma once

#include "protocol/message_protocol.hpp"
#include "protocol/owned_message.hpp"
#include "runtime/dispatch/completion_queue.hpp"
#include "runtime/dispatch/server_call.hpp"
#include "runtime/server/heartbeats.hpp"
#include "runtime/server/queue_waits.hpp"
#include "runtime/server/redelivery_cache.hpp"
#include "runtime/transports.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace warren::runtime {

/// A part of a response on its way to the broker.
struct MessagePart final : CompletionEntry {
    /// in   parts: of whose parts it is one; null: it is none
    MessagePart(const protocol::MessageView& view, std::shared_ptr<PartsFlow> parts)
        : CompletionEntry{Kind::part}, message{view}, flow{std::move(parts)} {}

    protocol::OwnedMessage message;
    std::shared_ptr<PartsFlow> flow;
};

/// A call that came as a message, until its delivery is settled and the broker has surely seen so.
class MessageServerCall final : public ServerCall {
public:
    /// in  reply_bytes_max: of a reply's body; a bigger one becomes a failure that says so
    ///     compress_bytes_min: of one that is compressed, where its caller takes that
    MessageServerCall(const protocol::MessageProtocol& protocol,
                      std::shared_ptr<CompletionQueue> completions, std::size_t reply_bytes_max,
                      std::size_t compress_bytes_min) noexcept
        : protocol_{protocol},
          completions_{std::move(completions)},
          reply_bytes_max_{reply_bytes_max},
          compress_bytes_min_{compress_bytes_min} {}

    std::size_t compress_bytes_min() const noexcept { return compress_bytes_min_; }

    std::expected<void, Failure> write_part(protocol::ResponseKind kind,
                                            const Value& data) override;
    void begin_heartbeats(std::chrono::milliseconds interval) override;
    /// The reply's address with a correlation id that is a UUID: others are used again.
    void write_message_key(std::string& key) const override;
    /// What says that the call is under way; nullopt: it names nobody to tell.
    std::optional<protocol::OwnedMessage> heartbeat() const;
    bool can_come_again() const noexcept override { return request.has_value(); }
    /// Encode the reply, on the thread that made it, and hand it to the I/O thread.
    void finished(std::unique_ptr<ServerCall> self, At at) noexcept override;

    /// Keep its request, as it came, for a worker to read.
    /// in   waits: outlives the call
    /// err  overloaded: it takes more memory than may be
    std::expected<std::unique_ptr<LargeRequest>, Failure> keep(const protocol::MessageView& message,
                                                               QueueWaits& waits,
                                                               const Arrival& arrival);
    /// Have the caller answered `internal` in place of a reply that cannot be sent.
    /// out  false: that was done before, or nobody is to have a reply
    bool replace_reply(std::string_view message);

    /// Keep the request as it came, so that it can be sent on; one that there is no room for
    /// cannot.
    void keep_request(const protocol::MessageView& message) noexcept;
    void release_request() noexcept;

    /// What its response takes.
    std::size_t kept_bytes() const noexcept { return body.capacity() + record.capacity(); }
    /// What of it is kept when it is over, so that the call can be used again.
    KeptResponse take_response();
    /// Have the response of a call that is over, as if it had run here.
    void restore(KeptResponse kept);

    /// Make it as new, keeping memory.
    void reuse() noexcept;
    /// Whether a later delivery can be told to repeat this one.
    bool is_recognizable() const noexcept { return !address.correlation_id.empty(); }

    DeliveryId delivery{};  // as it can be settled now
    protocol::ReplyAddress address{};
    std::string user_id{};       // whom the broker vouches for; empty: nobody
    std::size_t body_bytes = 0;  // of the request
    std::uint64_t body_hash = 0;
    std::size_t index = 0;          // among those in flight
    Heartbeats::Id heartbeats = 0;  // 0: none
    bool requeued = false;          // its result matters to nobody any more
    bool is_done = false;
    bool is_cancelled = false;  // nobody is to have its response

    std::string body;                              // of the reply
    std::optional<protocol::MessageView> reply{};  // views this call; none: nobody is to have one
    ReplyProgress progress{};
    std::optional<protocol::MessageView> request{};  // as it came, where it can be sent on
    std::uint32_t attempt = 1;                       // as the broker counts
    std::string record;                              // of the response, where it is recognizable

private:
    class Unread;

    void encode_response();
    void compress_reply();
    /// A failure in place of what cannot be sent.
    void answer_instead(std::string_view message);
    void write_record() noexcept;
    void write_reply(std::string* unwritable);
    void shrink();

    const protocol::MessageProtocol& protocol_;
    std::shared_ptr<CompletionQueue> completions_;
    std::size_t reply_bytes_max_;
    std::size_t compress_bytes_min_;
    Arena request_arena_;
    MemoryHold request_held_;
    bool is_replaced_ = false;  // the reply, by a failure
};

}  // namespace warren::runtime
