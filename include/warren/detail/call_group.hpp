#pragma once

#include <warren/detail/ready_call.hpp>
#include <warren/error.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>

namespace warren::detail {

/// What waits for a group of calls.
class GroupWaiter {
public:
    /// All of it is over, and it may be destroyed.          thread any
    virtual void ended() noexcept = 0;

protected:
    ~GroupWaiter() = default;
};

/// Calls that are waited for together, so many of them at once. Each that began is over before the
/// group is, so that nothing of it is used afterwards.
class CallGroup {
public:
    enum class Until : std::uint8_t {
        all,            // are over
        first_success,  // of one; the others are cancelled
    };

    /// in   stop: cancels what is under way, and all that would follow
    CallGroup(std::size_t count, std::size_t at_once_max, Until until, std::stop_token stop);
    virtual ~CallGroup() = default;
    CallGroup(const CallGroup&) = delete;
    CallGroup& operator=(const CallGroup&) = delete;

    /// Begin, once.
    void start(GroupWaiter& waiter);
    /// Begin, and hold this thread until it is over.
    /// err  throws Error (internal) on an I/O thread of one of its clients
    void run();
    /// One of its calls is over.          thread any
    void arrive(std::size_t index, bool has_succeeded) noexcept;

protected:
    /// Begin one of its calls. What this throws is how that failed.
    virtual void begin_call(std::size_t index) = 0;
    virtual void fail(std::size_t index, Failure why) = 0;
    /// Whether one more may begin although others are under way.
    virtual bool has_room() const noexcept { return true; }
    virtual void refuse_on_io_thread() const = 0;

    /// What cancels its calls.
    std::stop_token stop_token() const noexcept { return cancel_ ? cancel_->get_token() : stop_; }
    /// Of the first success.
    std::optional<std::size_t> winner() const noexcept { return winner_; }

private:
    struct Cancel {
        std::stop_source source;
        void operator()() { source.request_stop(); }
    };

    void fill(std::unique_lock<std::mutex>& lock) noexcept;
    bool may_begin() const noexcept;

    const std::size_t count_;
    const std::size_t at_once_max_;
    const std::stop_token stop_;
    std::optional<std::stop_source> cancel_;  // of the first success
    std::optional<std::stop_callback<Cancel>> on_stop_;
    GroupWaiter* waiter_ = nullptr;

    std::mutex mutex_;  // of what follows
    std::size_t begun_ = 0;
    std::size_t under_way_ = 0;
    std::optional<std::size_t> winner_;
    bool is_filling_ = false;  // some thread begins calls, and sees what others leave it
};

/// A group whose end gives something.
template <typename Result>
class GroupOf : public CallGroup {
public:
    using CallGroup::CallGroup;
    /// Once, when it is over.
    virtual Result take() = 0;
};

}  // namespace warren::detail
