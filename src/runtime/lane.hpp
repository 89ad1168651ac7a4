#pragma once

#include <warren/method.hpp>

#include "format/fernet.hpp"
#include "metrics/call_series.hpp"
#include "model/secrets.hpp"
#include "runtime/executor.hpp"
#include "runtime/job.hpp"
#include "runtime/workers.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace warren::runtime {

class Dispatcher;
class Forwarder;

enum class Answers : std::uint8_t {
    by_handlers,
    made_up,  // requests are checked, handlers do not run: data generated from the response type
};

/// What one listener asks of the dispatcher.
struct ListenerPolicy {
    std::vector<const Method*> methods;  // those it serves
    /// Takes every call on instead, as it came; outlives the lane. Null: handlers run here.
    Forwarder* forwarder = nullptr;
    std::vector<std::string> forwarded{};  // the methods that it takes on; empty: whatever is asked
    format::Keyring keys{};  // opens the requests' secrets; empty: nothing is encrypted
    model::SecretPolicy secrets = model::SecretPolicy::must_be_encrypted;
    std::optional<std::chrono::seconds> secrets_ttl{};  // how old they may be; none: any age
    model::SecretDepth secrets_depth = model::SecretDepth::any;
    Answers answers = Answers::by_handlers;
    const metrics::ListenerSeries* series = nullptr;  // where its calls count; null: nowhere
    std::string name{};                               // in log lines
    /// One more attempt at a call is answered `failed` and does not run; 0: it always runs.
    std::uint32_t attempts_max = 0;
};

/// One listener's way into the dispatcher: its policy, its I/O thread, the batch of calls that this
/// turn of the loop brought for the workers, and the watch over deadlines.
///
/// One timer serves all calls: when it fires the calls that a deadline has passed for are dealt
/// with, and it is set to the next deadline. A call that finishes leaves the timer alone. thread
/// the I/O thread, where nothing else is said; destroyed there, with no call left inside
class Lane {
public:
    /// in  all but the policy must outlive the lane
    Lane(Dispatcher& dispatcher, Executor& executor, ListenerPolicy policy);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    const ListenerPolicy& policy() const noexcept { return policy_; }
    Executor& executor() noexcept { return executor_; }
    struct Served {
        std::string_view name;
        const Method* method = nullptr;         // null: forwarded
        metrics::CallSeries* series = nullptr;  // null: nobody counts
    };
    /// out  nullptr when this listener does not serve it
    const Served* find(std::string_view method) const noexcept;
    metrics::CallSeries* unknown_series() const noexcept;
    /// Whether the workers have room for more one-way calls: these they are given in any case.
    bool has_room() noexcept;

private:
    friend class Dispatcher;

    /// Hand it to the workers together with the rest of this turn.
    void queue(Job& job);
    void flush();
    /// Go on with a call that was given the lock that it waited for.          thread any
    void resume(Job& job);

    /// Also one that is watched already, and has got a deadline.
    void watch(Job& job);
    void link(Job& job) noexcept;     // with the mutex held
    void unwatch(Job& job) noexcept;  // thread any
    void unlink(Job& job) noexcept;
    /// Stop it from starting.
    /// out  false when it has started, or is about to
    bool withdraw(Job& job) noexcept;
    bool take_out(Job& job) noexcept;  // the same, with the mutex held
    void set_timer(TimePoint when);
    void on_time();

    /// Calls that are to be told that their time is up.
    struct Swept {
        TaskList expired{};                       // they had not started, and are out of everything
        std::vector<std::stop_source> running{};  // or about to: these see for themselves
        std::optional<TimePoint> next_deadline{};
    };
    /// Find those whose deadline has passed, or all when `now` is absent.          thread any
    Swept sweep(std::optional<TimePoint> now);
    /// Find those that nobody waits for any more.
    Swept sweep_abandoned(const std::function<bool(Job&)>& is_abandoned);
    void sweep(Job& job, Swept& swept);

    Dispatcher& dispatcher_;
    Executor& executor_;
    ListenerPolicy policy_;
    std::vector<Served> served_;      // by name
    std::optional<Served> whatever_;  // stands for every method
    TaskList batch_;
    bool is_over_ = false;  // one-way calls were queued over the workers' limit
    std::shared_ptr<Lane*> self_ = std::make_shared<Lane*>(this);  // to null when it is destroyed

    std::mutex mutex_;
    Job* watched_first_ = nullptr;

    std::optional<TimePoint> timer_due_;
    Executor::TimerId timer_ = 0;
};

}  // namespace warren::runtime
