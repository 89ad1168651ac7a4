#pragma once

#include <warren/idempotency.hpp>
#include <warren/method.hpp>

#include "metrics/call_series.hpp"
#include "runtime/counters.hpp"
#include "runtime/dispatch/call_policy.hpp"
#include "runtime/dispatch/deadline_watch.hpp"
#include "runtime/dispatch/server_call.hpp"
#include "runtime/dispatch/workers.hpp"
#include "runtime/executor.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::runtime {

class Backend;
class Dispatcher;
class Forwarder;
class KeyedCalls;
class RunningCalls;
class StoreLocks;

enum class Responses : std::uint8_t {
    by_handlers,
    mock,  // requests are checked, handlers do not run: data generated from the response type
};

/// What one listener asks of the dispatcher.
struct ListenerContextOptions {
    std::vector<const Method*> methods;       // those it serves
    std::vector<std::string> fingerprints{};  // of each of these, in their order; empty: unknown
    std::vector<const Method*> describing{};  // that tell what these are; counted nowhere
    /// Forwards every call instead, as it came; outlives the listener. Null: handlers run here.
    Forwarder* forwarder = nullptr;
    std::vector<std::string> forwarded{};  // the methods that it forwards; empty: whatever is asked
    CallPolicy policy{};                   // the first one: see `ListenerContext::renew`
    Responses responses = Responses::by_handlers;
    const metrics::ListenerSeries* series = nullptr;  // where its calls count; null: nowhere
    std::string name{};                               // in log lines
    /// One more attempt at a call is answered `failed` and does not run; 0: it always runs.
    std::uint32_t attempts_max = 0;
    KeyedCalls* keyed_calls = nullptr;  // of the server's store; null: it has none
    /// The same of calls with a key, whose attempts the store counts: those that ended with their
    /// process.
    std::uint32_t keyed_attempts_max = 0;
    /// How often a message may come at all. A queue also counts what was about to begin when its
    /// process ended, and the store does not: calls with a key are heard there first.
    std::uint32_t deliveries_max() const noexcept {
        constexpr std::uint32_t each = 4;
        return keyed_calls != nullptr && keyed_attempts_max != 0 ? each * attempts_max
                                                                 : attempts_max;
    }
    Idempotency idempotency = Idempotency::at_least_once;  // of methods that say nothing, with it
    StoreLocks* store_locks = nullptr;                     // of the same store
    std::string forwards_to{};                             // for these: where, of a proxy
    CallPlace place{};                                     // for these
    /// Its callers may have gone and want their calls done all the same: what is forwarded for one
    /// that is gone is stopped where it runs, and runs where it has not begun.
    bool runs_anyway = false;
};

/// One listener's way into the dispatcher: its policy, the backend that follows from it, its I/O
/// thread, the batch of calls that this turn of the loop brought for the workers, and the watch
/// over deadlines.
/// thread the I/O thread, where nothing else is said; destroyed there, with no call left inside
class ListenerContext {
public:
    /// in  all but the options must outlive the listener
    ListenerContext(Dispatcher& dispatcher, Executor& executor, ListenerContextOptions options);
    ~ListenerContext();
    ListenerContext(const ListenerContext&) = delete;
    ListenerContext& operator=(const ListenerContext&) = delete;

    const ListenerContextOptions& options() const noexcept { return options_; }
    Executor& executor() noexcept { return executor_; }
    RunningCalls& calls() noexcept { return calls_; }
    Backend& backend() noexcept { return *backend_; }
    DeadlineWatch& deadlines() noexcept { return deadlines_; }
    /// What calls are under that begin now.
    const std::shared_ptr<const PolicyInForce>& policy() const noexcept { return policy_; }
    /// Have calls under another policy that begin from now on.
    /// out  the one before, which calls may still be under
    std::shared_ptr<const PolicyInForce> renew(std::shared_ptr<const PolicyInForce> policy) {
        return std::exchange(policy_, std::move(policy));
    }
    struct Served {
        std::string_view name;
        const Method* method = nullptr;         // null: forwarded
        metrics::CallSeries* series = nullptr;  // null: nobody counts
        std::string_view fingerprint{};         // of its contract; empty: unknown
    };
    /// out  nullptr when this listener does not serve it
    const Served* find(std::string_view method) noexcept;  // thread any
    metrics::CallSeries* unknown_series() const noexcept;
    /// Whether the workers have room for more one-way calls: these they are given in any case.
    bool has_room() noexcept;

    /// Hand it to the workers together with the rest of this turn, or at the next `flush`.
    void queue(ServerCall& call);
    void flush();
    /// Its turn among the workers has come, or else on the I/O thread.          thread any
    void run(std::unique_ptr<ServerCall> call) noexcept;
    /// Have a worker run what belongs to a call that was admitted.          thread any
    void run_admitted(Task& task) noexcept;
    /// Go on with a call that has the lock of this process: once it has the store's, where that is
    /// one of all servers with the same store.          thread any
    /// out  false: it has all that it needs
    bool asks_store(std::unique_ptr<ServerCall>& call) noexcept;
    /// Go on with a call that was given the locks that it waited for.          thread any
    void resume(ServerCall& call);

    /// Have its deadline, and the end of the waiting for it, end or stop it.
    void watch(ServerCall& call);

    ListenerCounts counts{};  // thread any may read

private:
    bool remove(ServerCall& call) noexcept;

    Dispatcher& dispatcher_;
    RunningCalls& calls_;
    Executor& executor_;
    ListenerContextOptions options_;
    std::shared_ptr<const PolicyInForce> policy_;
    std::unique_ptr<Backend> backend_;
    std::vector<Served> served_;  // by name
    std::atomic<const Served*> last_found_ = nullptr;
    std::optional<Served> whatever_;  // stands for every method
    TaskList batch_;
    bool is_over_ = false;  // one-way calls were queued over the workers' limit
    std::shared_ptr<ListenerContext*> self_ =
        std::make_shared<ListenerContext*>(this);  // to null when it is destroyed
    DeadlineWatch deadlines_;
};

}  // namespace warren::runtime
