#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "protocol/stream_protocol.hpp"
#include "runtime/client/call_slots.hpp"
#include "runtime/executor.hpp"
#include "runtime/stream_transports.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace warren::runtime {

/// A client's side of one connection: which calls await a response there, and what the responses
/// say. It belongs to the transport and outlives the client's interest in it.
/// thread the I/O thread
class StreamClientSession final : public StreamSession {
public:
    /// Who the responses are for.
    class Owner {
    public:
        virtual ~Owner() = default;
        /// Keep the owner alive while it is told of all that one read brought.
        virtual std::shared_ptr<void> share() = 0;
        /// What was read is about to be gone through; `on_input_end` follows, whatever it says.
        virtual void on_input_begin() = 0;
        /// What follows from the first half of it may leave.
        virtual void on_input_early_flush() = 0;
        virtual TimePoint now() const noexcept = 0;
        virtual std::int64_t unix_ms() = 0;
        /// in   bytes: of its message
        virtual void on_part(std::uint64_t token, const protocol::Response& part,
                             std::size_t bytes) = 0;
        virtual void on_response(StreamClientSession& session, std::uint64_t token,
                                 std::expected<protocol::Response, Failure> response) = 0;
        /// The server has shown that it lives.
        virtual void on_sign_of_life(StreamClientSession& session) = 0;
        /// A response that nobody awaits.
        virtual void on_stray_response(StreamClientSession& session) = 0;
        /// A message came that is no response, and is passed over.
        virtual void on_unreadable(StreamClientSession& session, const Failure& why) = 0;
        /// All that was read is through.
        virtual void on_input_end(StreamClientSession& session) = 0;
        /// The peer sends what cannot be read, or what it was not asked for.
        virtual void on_broken(StreamClientSession& session, const Failure& why) = 0;
        virtual void on_lost(StreamClientSession& session, const Failure& why) = 0;
    };

    /// in  protocol: shared, because the transport lets go of this when the client may be gone
    StreamClientSession(Owner& owner, StreamConnection& connection, std::size_t address,
                        std::shared_ptr<const protocol::StreamProtocol> protocol);

    Consumed on_input(std::span<const std::byte> input) override;
    bool is_busy() const noexcept override { return !slots.empty(); }
    void on_closed(const Failure& why) override;

    StreamConnection& connection() noexcept { return connection_; }
    std::size_t address() const noexcept { return address_; }
    bool is_in_order() const noexcept { return is_in_order_; }
    bool has_answered() const noexcept { return has_answered_; }
    /// When it last answered, a call or the probe, or sent more of a big answer.
    TimePoint last_life_at() const noexcept { return last_life_at_; }
    /// Let the connection go: the owner hears no more of it.
    void drop();

    /// New, and used only when a response has shown what it is worth, or nothing better is there.
    bool is_on_trial() const noexcept { return trial_until && !has_answered_; }

    /// What the slot of a probe has instead of a call's token.
    static constexpr std::uint64_t probe_token = ~std::uint64_t{0};
    void probed(std::uint32_t id) noexcept;
    std::optional<TimePoint> probed_at() const noexcept { return probed_at_; }
    void forget_probe() noexcept;

    CallSlots slots;
    bool is_retired = false;  // gets no more calls, and is dropped when it has none
    TimePoint owes_since{};   // the first of the responses that it owes was asked for
    std::optional<TimePoint> trial_until{};
    std::string unread{};  // why what came could not be read, the last time

private:
    Consumed take(std::span<const std::byte> input);
    bool deliver(std::size_t bytes);
    void refuse();

    Owner* owner_;  // null: dropped
    StreamConnection& connection_;
    const std::size_t address_;
    const bool is_in_order_;
    bool has_answered_ = false;
    TimePoint last_life_at_;
    std::optional<TimePoint> probed_at_;  // and not answered
    std::uint32_t probe_id_ = 0;
    const std::shared_ptr<const protocol::StreamProtocol> protocol_;
    const std::unique_ptr<protocol::StreamResponseDecoder> decoder_;
    Arena arena_;
};

}  // namespace warren::runtime
