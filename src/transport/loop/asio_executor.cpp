#include "transport/loop/asio_executor.hpp"

#include "runtime/timers.hpp"
#include "transport/loop/reactor.hpp"
#include "transport/loop/spin_policy.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace warren::transport {

using runtime::TimePoint;

class AsioExecutor::Loop {
public:
    explicit Loop(Options options) : options_{options} {}
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    ~Loop() {
        // What they own may be sockets of the context, and may cancel timers as it goes.
        const runtime::Timers timers = std::exchange(timers_, runtime::Timers{});
        const auto posted = std::exchange(posted_, {});
    }

    /// The thread of the loop: turns it, but for the times when a waiting thread does.
    void run() {
        std::unique_lock lock{mutex_};
        while (!stopping_) {
            if (park(lock)) {
                turn_until(lock, [this] { return yield_.load(std::memory_order_relaxed); });
                changed_.notify_all();
            }
        }
        stopping_ = false;
    }

    void stop() {
        {
            const std::scoped_lock lock{mutex_};
            stopping_ = true;
            changed_.notify_all();
        }
        // Whatever the loop is doing, it looks at `stopping_` after it.
        post([] {});
    }

    void run_until_done(runtime::BlockingOperation& operation) {
        std::unique_lock lock{mutex_};
        if (driven_ || waiting_ != 0 || alone_ < alone_min) {
            alone_ = driven_ || waiting_ != 0 ? 0 : alone_ + 1;
            ++waiting_;
            lock.unlock();
            operation.start();
            operation.wait();
            lock.lock();
            --waiting_;
            return;
        }
        driven_ = true;
        ++drives_;
        lock.unlock();
        operation.start();
        lock.lock();
        if (turned_) {
            yield_.store(true, std::memory_order_relaxed);
            wake(lock);
            changed_.wait(lock, [this] { return !turned_; });
            yield_.store(false, std::memory_order_relaxed);
        }
        turn_until(lock, [&operation] { return operation.is_done(); });
        driven_ = false;
        if (waiting_ != 0 || !posted_.empty() || operation.leaves_work()) {
            alone_ = 0;
            unpark();
        }
        lock.unlock();
        operation.wait();
    }

    bool is_current_thread() const noexcept {
        return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }

    void post(std::move_only_function<void()> function) {
        std::unique_lock lock{mutex_};
        posted_.push_back(std::move(function));
        if (!turned_ && !driven_) {
            alone_ = 0;
            unpark();
        }
        wake(lock);
    }

    void at_iteration_end(LoopIterationHook& what) { iteration_hooks_.push_back(&what); }

    void forget(LoopIterationHook& what) noexcept {
        std::ranges::replace(iteration_hooks_, &what, static_cast<LoopIterationHook*>(nullptr));
        std::ranges::replace(ending_, &what, static_cast<LoopIterationHook*>(nullptr));
    }

    TimePoint now() noexcept {
        if (!is_current_thread()) {
            return std::chrono::steady_clock::now();
        }
        if (!std::exchange(now_known_, true)) {
            now_ = std::chrono::steady_clock::now();
        }
        return now_;
    }
    bool is_pushing_of_use() noexcept {
        return options_.spin_max.count() != 0 && spin_policy_.is_on() &&
               reactor_.poller().ready_count() <= 1;
    }
    runtime::Timers& timers() noexcept { return timers_; }
    Reactor& reactor() noexcept { return reactor_; }

private:
    using WaitMode = Reactor::WaitMode;

    // How many waiting threads in a row have to be alone until the next one turns the loop itself,
    // which disturbs the loop's own thread once.
    static constexpr unsigned alone_min = 3;
    // How long the loop's own thread leaves a loop alone that waiting threads turn now and then.
    static constexpr std::chrono::milliseconds park_max{5};

    /// Turn the loop until somebody says so; `lock` is held before and after.
    template <typename Enough>
    void turn_until(std::unique_lock<std::mutex>& lock, const Enough& enough) {
        turned_ = true;
        thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        lock.unlock();
        while (!stopping_.load(std::memory_order_relaxed) && !enough()) {
            turn();
        }
        lock.lock();
        thread_.store(std::thread::id{}, std::memory_order_relaxed);
        turned_ = false;
    }

    /// Stay off the loop while waiting threads turn it.
    /// out  whether it is to be turned here now
    bool park(std::unique_lock<std::mutex>& lock) {
        while (!stopping_ && !unparked_ && (driven_ || drives_ != drives_seen_)) {
            drives_seen_ = drives_;
            changed_.wait_for(lock, park_max);
        }
        unparked_ = false;
        return !stopping_ && !driven_;
    }

    void unpark() {
        unparked_ = true;
        changed_.notify_all();
    }

    /// Interrupt a turn that sleeps; gives `lock` up for a moment. What the turn's own handlers
    /// post is run in this turn, although `sleeping_in_` still says what it was before them.
    void wake(std::unique_lock<std::mutex>& lock) {
        if (is_current_thread() || sleeping_in_ == WaitMode::nowhere) {
            return;
        }
        const WaitMode where = std::exchange(sleeping_in_, WaitMode::nowhere);
        lock.unlock();
        reactor_.interrupt(where);
        lock.lock();
    }

    void turn() {
        now_known_ = false;
        handle_io();
        run_posted();
        timers_.run_due(now());
        // What they ask for while they run waits for the next turn.
        ending_.swap(iteration_hooks_);
        for (std::size_t index = 0; index < ending_.size(); ++index) {
            if (LoopIterationHook* const what = ending_[index]; what != nullptr) {
                what->on_loop_iteration();
            }
        }
        ending_.clear();
    }

    /// Run what the sockets have for us, and wait for it unless something else is due.
    void handle_io() {
        const WaitMode where = reactor_.where();
        if (!may_sleep(where)) {
            reactor_.poll(where);
            return;
        }
        if (options_.spin_max.count() == 0 || !spin_policy_.should_spin() || !spin(where)) {
            now_known_ = false;
            reactor_.wait(where, timers_.next_deadline());
        }
        awake();
    }

    bool may_sleep(WaitMode where) {
        const std::scoped_lock lock{mutex_};
        const bool may =
            posted_.empty() && iteration_hooks_.empty() && !yield_.load(std::memory_order_relaxed);
        sleeping_in_ = may ? where : WaitMode::nowhere;
        return may;
    }

    void awake() {
        const std::scoped_lock lock{mutex_};
        sleeping_in_ = WaitMode::nowhere;
    }

    bool spin(WaitMode where) {
        const TimePoint until = std::chrono::steady_clock::now() + options_.spin_max;
        do {
            now_known_ = false;
            if (reactor_.poll(where)) {
                // What comes later came because others had this processor meanwhile.
                now() < until ? spin_policy_.found_something() : spin_policy_.found_nothing();
                return true;
            }
        } while (std::chrono::steady_clock::now() < until);
        spin_policy_.found_nothing();
        return false;
    }

    void run_posted() {
        {
            const std::scoped_lock lock{mutex_};
            running_.swap(posted_);
        }
        for (std::move_only_function<void()>& function : running_) {
            // Destroyed at once, so that what it owns does not wait for its neighbours.
            std::exchange(function, nullptr)();
        }
        running_.clear();
    }

    const Options options_;
    std::atomic<std::thread::id> thread_{};
    std::atomic<bool> stopping_ = false;
    TimePoint now_{};
    bool now_known_ = false;

    SpinPolicy spin_policy_{};

    std::mutex mutex_;  // of what follows
    WaitMode sleeping_in_ = WaitMode::nowhere;
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
    Reactor reactor_{};
};

AsioExecutor::AsioExecutor() : AsioExecutor{Options{}} {}
AsioExecutor::AsioExecutor(Options options) : loop_{std::make_unique<Loop>(options)} {}
AsioExecutor::~AsioExecutor() = default;

void AsioExecutor::run() {
    loop_->run();
}

void AsioExecutor::stop() {
    loop_->stop();
}

void AsioExecutor::run_until_done(runtime::BlockingOperation& operation) {
    loop_->run_until_done(operation);
}

bool AsioExecutor::is_current_thread() const noexcept {
    return loop_->is_current_thread();
}

void AsioExecutor::post(std::move_only_function<void()> function) {
    loop_->post(std::move(function));
}

TimePoint AsioExecutor::now() const noexcept {
    return loop_->now();
}

AsioExecutor::TimerId AsioExecutor::post_at(TimePoint when,
                                            std::move_only_function<void()> function) {
    return loop_->timers().add(when, std::move(function));
}

void AsioExecutor::cancel(TimerId timer) noexcept {
    loop_->timers().cancel(timer);
}

void AsioExecutor::at_iteration_end(LoopIterationHook& what) {
    loop_->at_iteration_end(what);
}

void AsioExecutor::forget(LoopIterationHook& what) noexcept {
    loop_->forget(what);
}

bool AsioExecutor::is_pushing_of_use() const noexcept {
    return loop_->is_pushing_of_use();
}

Poller& AsioExecutor::poller() noexcept {
    return loop_->reactor().poller();
}

boost::asio::io_context& AsioExecutor::context() noexcept {
    return loop_->reactor().context();
}

}  // namespace warren::transport
