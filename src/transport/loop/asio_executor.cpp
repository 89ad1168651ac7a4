#include "transport/loop/asio_executor.hpp"

#include "transport/loop/reactor.hpp"

#include <algorithm>
#include <utility>

namespace warren::transport {

using runtime::TimePoint;
namespace {

// How many waiting threads in a row have to be alone until the next one turns the loop itself,
// which disturbs the loop's own thread once.
constexpr unsigned alone_min = 3;
// How long the loop's own thread leaves a loop alone that waiting threads turn now and then.
constexpr std::chrono::milliseconds park_max{5};

}  // namespace

AsioExecutor::AsioExecutor() : AsioExecutor{Options{}} {}
AsioExecutor::AsioExecutor(Options options)
    : options_{options}, reactor_{std::make_unique<Reactor>()} {}

AsioExecutor::~AsioExecutor() {
    // What they own may be sockets of the context, and may cancel timers as it goes.
    const runtime::Timers timers = std::exchange(timers_, runtime::Timers{});
    const auto posted = std::exchange(posted_, {});
}

/// The thread of the loop: turns it, but for the times when a waiting thread does.
void AsioExecutor::run() {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        if (park(lock)) {
            turn_until(lock, [this] { return yield_.load(std::memory_order_relaxed); });
            changed_.notify_all();
        }
    }
    stopping_ = false;
}

void AsioExecutor::stop() {
    {
        const std::scoped_lock lock{mutex_};
        stopping_ = true;
        changed_.notify_all();
    }
    // Whatever the loop is doing, it looks at `stopping_` after it.
    post([] {});
}

void AsioExecutor::run_until_done(runtime::BlockingOperation& operation) {
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

bool AsioExecutor::is_current_thread() const noexcept {
    return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void AsioExecutor::post(std::move_only_function<void()> function) {
    std::unique_lock lock{mutex_};
    posted_.push_back(std::move(function));
    if (!turned_ && !driven_) {
        alone_ = 0;
        unpark();
    }
    wake(lock);
}

void AsioExecutor::at_iteration_end(LoopIterationHook& what) {
    iteration_hooks_.push_back(&what);
}

void AsioExecutor::forget(LoopIterationHook& what) noexcept {
    std::ranges::replace(iteration_hooks_, &what, static_cast<LoopIterationHook*>(nullptr));
    std::ranges::replace(ending_, &what, static_cast<LoopIterationHook*>(nullptr));
}

TimePoint AsioExecutor::now() const noexcept {
    if (!is_current_thread()) {
        return std::chrono::steady_clock::now();
    }
    if (!std::exchange(now_known_, true)) {
        now_ = std::chrono::steady_clock::now();
    }
    return now_;
}

AsioExecutor::TimerId AsioExecutor::post_at(TimePoint when,
                                            std::move_only_function<void()> function) {
    return timers_.add(when, std::move(function));
}

void AsioExecutor::cancel(TimerId timer) noexcept {
    timers_.cancel(timer);
}

bool AsioExecutor::is_pushing_of_use() const noexcept {
    return options_.spin_max.count() != 0 && spin_policy_.is_on() &&
           reactor_->poller().ready_count() <= 1;
}

Poller& AsioExecutor::poller() noexcept {
    return reactor_->poller();
}

boost::asio::io_context& AsioExecutor::context() noexcept {
    return reactor_->context();
}

/// Turn the loop until somebody says so; `lock` is held before and after.
template <typename Enough>
void AsioExecutor::turn_until(std::unique_lock<std::mutex>& lock, const Enough& enough) {
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
bool AsioExecutor::park(std::unique_lock<std::mutex>& lock) {
    while (!stopping_ && !unparked_ && (driven_ || drives_ != drives_seen_)) {
        drives_seen_ = drives_;
        changed_.wait_for(lock, park_max);
    }
    unparked_ = false;
    return !stopping_ && !driven_;
}

void AsioExecutor::unpark() {
    unparked_ = true;
    changed_.notify_all();
}

/// Interrupt a turn that sleeps; gives `lock` up for a moment. What the turn's own handlers post is
/// run in this turn, although `sleeping_in_` still says what it was before them.
void AsioExecutor::wake(std::unique_lock<std::mutex>& lock) {
    if (is_current_thread() || sleeping_in_ == WaitMode::nowhere) {
        return;
    }
    const WaitMode where = std::exchange(sleeping_in_, WaitMode::nowhere);
    lock.unlock();
    reactor_->interrupt(where);
    lock.lock();
}

void AsioExecutor::turn() {
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
void AsioExecutor::handle_io() {
    const WaitMode where = reactor_->where();
    if (!may_sleep(where)) {
        reactor_->poll(where);
        return;
    }
    if (options_.spin_max.count() == 0 || !spin_policy_.should_spin() || !spin(where)) {
        now_known_ = false;
        reactor_->wait(where, timers_.next_deadline());
    }
    awake();
}

bool AsioExecutor::may_sleep(WaitMode where) {
    const std::scoped_lock lock{mutex_};
    const bool may =
        posted_.empty() && iteration_hooks_.empty() && !yield_.load(std::memory_order_relaxed);
    sleeping_in_ = may ? where : WaitMode::nowhere;
    return may;
}

void AsioExecutor::awake() {
    const std::scoped_lock lock{mutex_};
    sleeping_in_ = WaitMode::nowhere;
}

bool AsioExecutor::spin(WaitMode where) {
    const TimePoint until = std::chrono::steady_clock::now() + options_.spin_max;
    do {
        now_known_ = false;
        if (reactor_->poll(where)) {
            // What comes later came because others had this processor meanwhile.
            now() < until ? spin_policy_.found_something() : spin_policy_.found_nothing();
            return true;
        }
    } while (std::chrono::steady_clock::now() < until);
    spin_policy_.found_nothing();
    return false;
}

void AsioExecutor::run_posted() {
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

}  // namespace warren::transport
