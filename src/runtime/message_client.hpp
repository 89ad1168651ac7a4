#pragma once

#include <warren/arena.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/limits.hpp"
#include "protocol/message_dialect.hpp"
#include "runtime/counters.hpp"
#include "runtime/message_client_bindings.hpp"
#include "runtime/message_client_failures.hpp"
#include "runtime/pending_calls.hpp"
#include "runtime/pending_calls_queue.hpp"
#include "runtime/ports.hpp"

namespace warren::runtime {

struct MessageClientOptions {
    std::string queue;   // of the server
    std::string broker;  // its address in messages, without credentials
    std::size_t in_flight_max = core::Limits{}.in_flight_calls_max;
    std::array<std::uint8_t, 16> random{};  // of this client's own
};

/// The longest a broker can be told to keep a message.        [RabbitMQ: expiration fits 32 bits]
inline constexpr std::chrono::milliseconds call_timeout_max{0xFFFFFFFF};

/// Calls over one port, any number at once. Every call is over exactly once, at its deadline at the
/// latest, and every failure says what is known of the request.
///
/// Functions are for the I/O thread, where no other thread is named. Made by std::make_shared; the
/// last owner leaves after `close`, on any thread.
class MessageClient final : public ClientSink, public std::enable_shared_from_this<MessageClient> {
public:
    MessageClient(Executor& executor, const protocol::MessageDialect& dialect,
                  MessageClientOptions options);
    MessageClient(const MessageClient&) = delete;
    MessageClient& operator=(const MessageClient&) = delete;
    ~MessageClient() override;

    /// Say where calls go, before the port says anything.
    void attach(ClientPort& port) noexcept { port_ = &port; }

    /// Take a call; it completes on the I/O thread, later.
    /// cost one wake-up of the I/O thread for all that is submitted until it looks   thread any
    void submit(OutgoingCall& call);
    /// Give a call up that may be over next moment, but is not yet destroyed.        thread any
    void give_up(OutgoingCall& call);
    /// End every call as cancelled. From now on whoever submits a call completes it in there.
    void close();

    const Counters& counters() const noexcept { return counters_; }
    std::uint64_t replies_dropped() const noexcept {
        return replies_dropped_.load(std::memory_order_relaxed);
    }

    void on_ready(std::string_view reply_address) override;
    void on_reply(const protocol::Envelope& reply) override;
    void on_accepted(std::uint64_t token) override;
    void on_returned(std::uint64_t token, const Failure& why) override;
    void on_refused(std::uint64_t token, const Failure& why) override;
    void on_bound(std::uint64_t token, const Failure* refused) override;
    void on_lost(const Failure& why, RepliesSurvive replies) override;
    void on_failed(const Failure& why) override;
    void on_blocked(std::string_view reason) override;
    void on_unblocked() override;

private:
    void accept_submissions();
    void accept(OutgoingCall& call);
    void dispatch(OutgoingCall& call);
    bool bind_first(OutgoingCall& call);
    void publish(OutgoingCall& call);
    void send_waiting();
    void fail_waiting(CallQueue& queue, const Failure& why);

    void succeed(OutgoingCall& call, const protocol::Answer& answer);
    void fail(OutgoingCall& call, Failure failure);
    void release(OutgoingCall& call) noexcept;

    void expire_due();
    void arm_timer();
    template <typename Function>
    void post(Function function);
    Failure deadline_failure_of(const OutgoingCall& call) const;

    Executor& executor_;
    const protocol::MessageDialect& dialect_;
    const MessageClientOptions options_;
    ClientPort* port_ = nullptr;

    std::atomic<OutgoingCall*> submitted_ = nullptr;  // the last one; each knows the one before
    std::atomic<bool> is_closed_ = false;
    Counters counters_;
    std::atomic<std::uint64_t> replies_dropped_ = 0;

    // Of the I/O thread.
    bool is_ready_ = false;
    std::string reply_address_;
    std::optional<std::string> blocked_;   // the broker's reason
    std::optional<Failure> last_failure_;  // why there was no connection last time
    std::optional<Failure> given_up_;      // the transport needs a person's help
    PendingCalls pending_;
    CallQueue waiting_;  // for the connection, or for the broker to take messages again
    MethodBindings bindings_;
    Executor::TimerId timer_ = 0;
    std::optional<TimePoint> timer_at_;
    Arena arena_;
    std::string body_;
};

}  // namespace warren::runtime
