#include <warren/detail/call_group.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace warren::detail {
namespace {

/// A thread that waits for a group.
class WaitingThread final : public GroupWaiter {
public:
    void ended() noexcept override {
        // Notified under the lock: the thread that waits destroys this as soon as it gets the lock.
        const std::lock_guard lock{mutex_};
        has_ended_ = true;
        changed_.notify_one();
    }
    void wait() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return has_ended_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool has_ended_ = false;
};

}  // namespace

CallGroup::CallGroup(std::size_t count, std::size_t at_once_max, Until until, std::stop_token stop)
    : count_{count}, at_once_max_{std::max<std::size_t>(at_once_max, 1)}, stop_{std::move(stop)} {
    if (until == Until::first_success) {
        cancel_.emplace();
        on_stop_.emplace(stop_, Cancel{*cancel_});
    }
}

void CallGroup::start(GroupWaiter& waiter) {
    waiter_ = &waiter;
    std::unique_lock lock{mutex_};
    fill(lock);
}

void CallGroup::run() {
    refuse_on_io_thread();
    WaitingThread thread;
    start(thread);
    thread.wait();
}

void CallGroup::arrive(std::size_t index, bool has_succeeded) noexcept {
    std::unique_lock lock{mutex_};
    if (has_succeeded && cancel_ && !winner_) {
        winner_ = index;
        lock.unlock();
        // While this one counts as under way, so that the group is there.
        cancel_->request_stop();
        lock.lock();
    }
    --under_way_;
    fill(lock);
}

/// in  the mutex is held
bool CallGroup::may_begin() const noexcept {
    return begun_ != count_ && !winner_ && under_way_ < at_once_max_ &&
           (under_way_ == 0 || has_room());
}

/// Begin what may begin, and end the group when nothing is left of it. The last one to let go of
/// the mutex here is the last one to use the group.
void CallGroup::fill(std::unique_lock<std::mutex>& lock) noexcept {
    if (is_filling_) {
        return;
    }
    is_filling_ = true;
    while (may_begin()) {
        const std::size_t index = begun_++;
        ++under_way_;
        lock.unlock();
        try {
            begin_call(index);
        } catch (const Error& error) {
            fail(index, error.failure());
            arrive(index, false);
        } catch (const std::exception& error) {
            fail(index, {.code = Code::internal, .message = error.what()});
            arrive(index, false);
        } catch (...) {
            fail(index, {.code = Code::internal, .message = "The request cannot be read"});
            arrive(index, false);
        }
        lock.lock();
    }
    is_filling_ = false;
    GroupWaiter* const waiter = under_way_ == 0 ? std::exchange(waiter_, nullptr) : nullptr;
    lock.unlock();
    if (waiter != nullptr) {
        waiter->ended();
    }
}

}  // namespace warren::detail
