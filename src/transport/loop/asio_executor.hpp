#pragma once

#include "runtime/blocking_operation.hpp"
#include "runtime/executor.hpp"
#include "runtime/timers.hpp"
#include "transport/loop/spin_policy.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace warren::transport {

class Poller;
class Reactor;
enum class WaitMode : std::uint8_t;

/// What wants to act once at the end of a turn of the loop, when all events of the turn have been
/// handled: a connection flushes its output there, so that a turn is one write.
class LoopIterationHook {
public:
    virtual void on_loop_iteration() = 0;

protected:
    ~LoopIterationHook() = default;
};

/// The I/O thread over Boost.Asio. One turn of its loop handles what the sockets and the timers
/// have, then what was posted, then the turn's end. One thread calls `run`; the objects on the
/// executor live on that thread, or on any while nobody runs it.
///
/// A thread that waits for something that the loop does may turn the loop meanwhile
/// (`run_until_done`): it is the I/O thread then, and saves waking the other one and being woken by
/// it.
class AsioExecutor final : public runtime::Executor {
public:
    struct Options {
        /// Keep polling this long after a turn that had work, before blocking, as long as that pays
        /// (`SpinPolicy`). 0: never.
        std::chrono::microseconds spin_max{0};
    };

    AsioExecutor();
    explicit AsioExecutor(Options options);
    AsioExecutor(const AsioExecutor&) = delete;
    AsioExecutor& operator=(const AsioExecutor&) = delete;
    /// Functions that were posted and have not run are destroyed.
    ~AsioExecutor() override;

    /// Turn until `stop`; also when there is nothing to do.         thread one at a time
    void run();
    /// Make `run` return at the end of this turn; a later `run` goes on.          thread any
    void stop();
    /// Start an operation and wait for it: turn the loop here when that pays, which it does when
    /// one thread after the other does so, or leave it to the loop's own thread.
    /// thread any but the I/O thread
    void run_until_done(runtime::BlockingOperation& operation);
    /// Whether this is the thread that turns the loop.                            thread any
    bool is_current_thread() const noexcept override;

    /// cost one wake-up for all that is posted while the loop sleeps; none on the I/O thread
    void post(std::move_only_function<void()> function) override;
    runtime::TimePoint now() const noexcept override;
    TimerId post_at(runtime::TimePoint when, std::move_only_function<void()> function) override;
    void cancel(TimerId timer) noexcept override;

    /// Call it at the end of this turn, once; not again unless asked again.   thread the I/O thread
    void at_iteration_end(LoopIterationHook& what);
    /// Forget it; it is about to be destroyed.
    void forget(LoopIterationHook& what) noexcept;

    /// Whether output had better leave before the turn is over: the loop polls before it sleeps, so
    /// peers are likely to answer within moments, and there is nothing else in this turn that
    /// could be done while they work.                                 thread the I/O thread
    bool is_pushing_of_use() const noexcept;

    /// For the sockets of connections.                                 thread the I/O thread
    Poller& poller() noexcept;
    /// For all that comes and goes, such as connecting: while there is such, the loop waits for
    /// both, which costs more system calls.
    boost::asio::io_context& context() noexcept;

private:
    template <typename Enough>
    void turn_until(std::unique_lock<std::mutex>& lock, const Enough& enough);
    bool park(std::unique_lock<std::mutex>& lock);
    void unpark();
    void wake(std::unique_lock<std::mutex>& lock);
    void turn();
    void handle_io();
    bool may_sleep(WaitMode where);
    void awake();
    bool spin(WaitMode where);
    void run_posted();

    const Options options_;
    std::atomic<std::thread::id> thread_{};
    std::atomic<bool> stopping_ = false;
    mutable runtime::TimePoint now_{};  // of this turn
    mutable bool now_known_ = false;

    SpinPolicy spin_policy_{};

    std::mutex mutex_;  // of what follows
    WaitMode sleeping_in_{};
    std::vector<std::move_only_function<void()>> posted_{};
    std::condition_variable changed_;
    bool turned_ = false;              // by a thread that is inside of `turn_until`
    bool driven_ = false;              // or about to be, by a thread on an operation
    bool unparked_ = false;            // the loop's own thread is wanted
    std::atomic<bool> yield_ = false;  // a thread on an operation wants the loop
    unsigned alone_ = 0;               // operations in a row that met no other
    std::size_t waiting_ = 0;          // threads that wait while others turn the loop
    std::uint64_t drives_ = 0;
    std::uint64_t drives_seen_ = 0;

    std::vector<std::move_only_function<void()>> running_{};
    std::vector<LoopIterationHook*> iteration_hooks_{};
    std::vector<LoopIterationHook*> ending_{};
    runtime::Timers timers_{};

    // Goes first: what Asio's operations own may use all of the above.
    std::unique_ptr<Reactor> reactor_;
};

}  // namespace warren::transport
