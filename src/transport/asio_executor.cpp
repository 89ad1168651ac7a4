#include "transport/asio_executor.hpp"

#include "runtime/timers.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
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

    void run() {
        thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        while (!stopping_.exchange(false, std::memory_order_relaxed)) {
            turn();
        }
        thread_.store(std::thread::id{}, std::memory_order_relaxed);
    }

    void stop() {
        stopping_.store(true, std::memory_order_relaxed);
        // Whatever the loop is doing, it looks at `stopping_` after it.
        post([] {});
    }

    bool is_current_thread() const noexcept {
        return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }

    void post(std::move_only_function<void()> function) {
        bool wake = false;
        {
            const std::scoped_lock lock{mutex_};
            posted_.push_back(std::move(function));
            wake = std::exchange(sleeping_, false);
        }
        if (wake) {
            boost::asio::post(context_, [] {});
        }
    }

    void at_turn_end(TurnEnd& what) { turn_ends_.push_back(&what); }

    void forget(TurnEnd& what) noexcept {
        std::ranges::replace(turn_ends_, &what, static_cast<TurnEnd*>(nullptr));
        std::ranges::replace(ending_, &what, static_cast<TurnEnd*>(nullptr));
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
    runtime::Timers& timers() noexcept { return timers_; }
    boost::asio::io_context& context() noexcept { return context_; }

private:
    void turn() {
        now_known_ = false;
        handle_io();
        run_posted();
        timers_.run_due(now());
        // What they ask for while they run waits for the next turn.
        ending_.swap(turn_ends_);
        for (std::size_t index = 0; index < ending_.size(); ++index) {
            if (TurnEnd* const what = ending_[index]; what != nullptr) {
                what->on_turn_end();
            }
        }
        ending_.clear();
    }

    /// Run what the sockets have for us, one handler at least, unless something else is due.
    void handle_io() {
        if (!may_sleep()) {
            context_.poll_one();
            return;
        }
        if (options_.spin_max.count() != 0 && spin()) {
            awake();
            return;
        }
        if (const std::optional<TimePoint> deadline = timers_.next_deadline()) {
            context_.run_one_until(*deadline);
        } else {
            context_.run_one();
        }
        awake();
    }

    bool may_sleep() {
        const std::scoped_lock lock{mutex_};
        sleeping_ = posted_.empty() && turn_ends_.empty();
        return sleeping_;
    }

    void awake() {
        const std::scoped_lock lock{mutex_};
        sleeping_ = false;
    }

    bool spin() {
        const TimePoint until = std::chrono::steady_clock::now() + options_.spin_max;
        do {
            if (context_.poll_one() != 0) {
                return true;
            }
        } while (std::chrono::steady_clock::now() < until);
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

    std::mutex mutex_;
    bool sleeping_ = false;                                  // guarded by mutex_
    std::vector<std::move_only_function<void()>> posted_{};  // guarded by mutex_

    std::vector<std::move_only_function<void()>> running_{};
    std::vector<TurnEnd*> turn_ends_{};
    std::vector<TurnEnd*> ending_{};
    runtime::Timers timers_{};

    // Goes first: what its operations own may use all of the above.
    // One thread runs the context, so its reactor needs no locks; posting and name resolution come
    // from other threads, so its scheduler does.
    boost::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        context_.get_executor()};
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

void AsioExecutor::at_turn_end(TurnEnd& what) {
    loop_->at_turn_end(what);
}

void AsioExecutor::forget(TurnEnd& what) noexcept {
    loop_->forget(what);
}

boost::asio::io_context& AsioExecutor::context() noexcept {
    return loop_->context();
}

}  // namespace warren::transport
