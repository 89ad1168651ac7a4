#pragma once

#include "core/limits.hpp"
#include "metrics/client_series.hpp"
#include "runtime/client/call_keys.hpp"
#include "runtime/client/client_call.hpp"
#include "runtime/client/client_failures.hpp"
#include "runtime/client/pending_calls.hpp"
#include "runtime/client/request_limits.hpp"
#include "runtime/client/retry_budget.hpp"
#include "runtime/client/retry_rule.hpp"
#include "runtime/counters.hpp"
#include "runtime/executor.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

namespace warren::runtime {

struct ClientCallsOptions {
    std::size_t in_flight_max = core::Limits{}.in_flight_calls_max;
    std::array<std::uint8_t, 16> random{};  // of this client's own
    RetryOptions retry{};
    /// As `random`: calls that may be sent again bear an idempotency key made of these; unset: one
    /// that their callers gave, or none.
    std::optional<std::array<std::uint8_t, 16>> key_random{};
};

/// The longest time-out of a call.                            [RabbitMQ: expiration fits 32 bits]
inline constexpr std::chrono::milliseconds call_timeout_max{0xFFFFFFFF};

/// The first of them, as one number.
std::uint32_t seed_of(const std::array<std::uint8_t, 16>& random) noexcept;

/// What the clients of every transport share: calls come from any thread, and each is over exactly
/// once, at its deadline at the latest.
///
/// Functions are for the I/O thread, where no other thread is named. Made by std::make_shared; the
/// last owner leaves after `close`, on any thread.
class ClientCalls : public std::enable_shared_from_this<ClientCalls> {
public:
    ClientCalls(Executor& executor, const ClientCallsOptions& options);
    ClientCalls(const ClientCalls&) = delete;
    ClientCalls& operator=(const ClientCalls&) = delete;
    virtual ~ClientCalls() = default;

    /// Take a call; it completes on the I/O thread, later.
    /// cost one wake-up of the I/O thread for all that is submitted until it looks, none on the I/O
    ///      thread                                                                   thread any
    void submit(ClientCall& call);
    /// Give a call up that may be over next moment, but is not yet destroyed.        thread any
    void cancel(ClientCall& call);
    /// The same, unless it was sent: then it goes on.                                thread any
    void withdraw(ClientCall& call);
    /// End every call that was not sent yet, of those that were submitted so far.    thread any
    void end_unsent(Failure why);
    /// End a call whose parts cannot be taken. Its server hears that nobody waits any more.
    void abort(ClientCall& call, Failure failure) { end(call, std::move(failure)); }
    /// The caller is done with so many bytes of its parts, counted from the first one.
    void give_credit(ClientCall& call, std::uint64_t bytes_done);
    /// End every call as cancelled. From now on whoever submits a call completes it in there.
    virtual void close();

    /// Whether one more call is taken, as far as is known now.                       thread any
    bool has_room() const noexcept { return counters_.in_flight() < in_flight_max_; }

    /// Refuse calls that are over these. Before the first call.
    void limit(const RequestLimits& limits) noexcept { request_limits_ = limits; }
    /// Count and time the calls there, too. Before the first call.
    void count_into(std::shared_ptr<metrics::ClientSeries> series) { series_ = std::move(series); }

    Executor& executor() const noexcept { return executor_; }  // thread any
    const ClientCounts& counters() const noexcept { return counters_; }
    /// How often calls were sent again.                                              thread any
    std::uint64_t retries() const noexcept { return retries_.load(std::memory_order_relaxed); }
    /// Late or duplicate: nobody waits for them.                                     thread any
    std::uint64_t replies_dropped() const noexcept {
        return replies_dropped_.load(std::memory_order_relaxed);
    }

protected:
    /// Send a call, or let it wait; also one that is sent again, which has another token then.
    virtual void dispatch(ClientCall& call) = 0;
    /// What a call fails with now that its deadline has passed.
    virtual Failure deadline_failure_of(const ClientCall& call) const = 0;
    /// Of a call of another one's.
    static Failure deadline_failure_in(const ClientCalls& calls, const ClientCall& call) {
        return calls.deadline_failure_of(call);
    }
    /// A call ends without its reply, by its deadline, its caller or `close`.
    virtual void forget(ClientCall&) noexcept {}
    virtual void send_credit(ClientCall&, std::uint64_t /*bytes_done*/) {}

    /// Calls that are submitted from now on, on the I/O thread, wait for `accept_held`: those that
    /// follow the responses of one read are sent before the next one is handled.
    void hold_submissions() noexcept { holds_submissions_ = true; }
    void accept_held();

    /// What comes before the end.
    /// in   bytes: of its message
    void take_part(ClientCall& call, const protocol::Response& part, std::size_t bytes);
    void succeed(ClientCall& call, const protocol::Response& response);
    [[gnu::cold]] void fail(ClientCall& call, Failure failure);
    /// The same of a call that cannot be sent: what became of it before, if it was, comes first.
    [[gnu::cold]] void fail_unsent(ClientCall& call, Failure why);
    /// The same of one that cannot be sent at the moment: of those that were sent before, this is
    /// one more attempt that has failed.
    [[gnu::cold]] void cannot_send(ClientCall& call, Failure why);
    void fail_all(CallQueue& queue, const Failure& why);
    /// The same of one whose server may have it: nobody waits any more.
    void end(ClientCall& call, Failure failure);

    /// An attempt that was sent has failed: send the call again after a pause, where that may be.
    /// out  false: it may not, and `why` says how many attempts there were
    [[gnu::cold]] bool sends_again(ClientCall& call, Failure& why);
    /// The same, or fail the call.
    [[gnu::cold]] void attempt_failed(ClientCall& call, Failure why);

    void drop_reply() noexcept { replies_dropped_.fetch_add(1, std::memory_order_relaxed); }

    bool is_closed() const noexcept { return is_closed_.load(std::memory_order_relaxed); }
    PendingCalls& pending() noexcept { return pending_; }
    std::chrono::milliseconds time_left(const ClientCall& call) const noexcept;
    static protocol::Metadata metadata_of(const ClientCall& call,
                                          std::chrono::milliseconds time_left) noexcept;

    static std::uint64_t token_of(const ClientCall& call) noexcept {
        return call.token_.load(std::memory_order_relaxed);
    }
    /// Of the call's message, for metrics.
    static void set_request_bytes(ClientCall& call, std::size_t bytes) noexcept {
        call.request_bytes_ = bytes;
    }
    /// Which attempt at a call its handler finds: 2 and more when an earlier one may have had an
    /// effect.
    static std::uint32_t attempt_of(const ClientCall& call) noexcept { return 1 + call.begun_; }
    /// What became of an attempt before, of one that may have had an effect if there was any; null:
    /// it was not sent before.
    static const Failure* last_failure_of(const ClientCall& call) noexcept {
        return call.last_failure_.get();
    }
    /// As its server was told.
    static std::uint64_t credit_of(const ClientCall& call) noexcept { return call.credit_bytes_; }
    /// Whether something came already that must not come twice.
    static bool has_parts(const ClientCall& call) noexcept { return call.parts_ != 0; }
    static CallStage stage_of(const ClientCall& call) noexcept { return call.stage_; }
    static void set_stage(ClientCall& call, CallStage stage) noexcept { call.stage_ = stage; }

private:
    enum class CancelWhen : std::uint8_t { always, unless_sent, if_sent };

    void cancel(ClientCall& call, CancelWhen when);
    ClientCall* find_of_any_attempt(std::uint64_t token) const noexcept;
    static CallStage stage_reached_by(const ClientCall& call) noexcept;
    void hold_against_limit(ClientCall& call, std::uint64_t before) const;
    [[gnu::cold, gnu::noinline]] void refuse_one_more(ClientCall& call) const;
    void submit_here(ClientCall& call);
    void submit_from_elsewhere(ClientCall& call);
    void post_acceptance();
    void accept_submissions();
    void accept_from_elsewhere();
    void accept_each(ClientCall* last);
    void count(SingleWriterCounter& counter) noexcept;
    void accept(ClientCall& call);
    [[gnu::noinline]] void name(ClientCall& call) noexcept;
    void release(ClientCall& call) noexcept;
    void record(const ClientCall& call, std::optional<Code> failure) const noexcept;

    void listen_for_heartbeats(std::uint64_t token, ClientCall& call);
    bool may_retry(const ClientCall& call, const Failure& why) const noexcept;
    void send_again_later(ClientCall& call, Failure why, std::chrono::milliseconds wait);

    void expire_due();
    void arm_timer();

    Executor& executor_;
    const std::size_t in_flight_max_;
    const RetryOptions retry_;
    std::atomic<ClientCall*> submitted_ = nullptr;  // the last one; each knows the one before
    std::atomic<bool> is_closed_ = false;
    ClientCounts counters_;
    RequestLimits request_limits_{};
    std::shared_ptr<metrics::ClientSeries> series_;  // may be null
    std::atomic<std::uint64_t> replies_dropped_ = 0;
    std::atomic<std::uint64_t> retries_ = 0;

    // Of the I/O thread.
    ClientCall* submitted_here_ = nullptr;  // as `submitted_`
    bool holds_submissions_ = false;
    PendingCalls pending_;
    std::optional<CallKeys> keys_;
    RetryBudget budget_;
    std::minstd_rand random_;  // of pauses
    Executor::TimerId timer_ = 0;
    std::optional<TimePoint> timer_at_;
};

}  // namespace warren::runtime
