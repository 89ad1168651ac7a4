#pragma once

#include "runtime/executor.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace warren::runtime {

/// What a deadline may end, or stop while it runs; part of whatever has one.
class Watched {
public:
    /// What tells it to stop.
    std::stop_token stop_token() {
        if (!stop_.stop_possible()) {
            stop_ = std::stop_source{};
        }
        return stop_.get_token();
    }
    void request_stop() { stop_.request_stop(); }
    /// For somebody who may stop it at any time, also after its end.
    std::stop_source share_stop() {
        is_shared_ = true;
        return stop_;
    }
    bool is_watched() const noexcept { return is_watched_; }

protected:
    /// Make it as new.
    void renew();

private:
    friend class DeadlineWatch;

    std::stop_source stop_{std::nostopstate};
    // Guarded by the watch's mutex while it is watched.
    std::optional<TimePoint> deadline_;
    Watched* next_ = nullptr;
    Watched* previous_ = nullptr;
    bool is_watched_ = false;
    bool is_swept_ = false;
    bool is_shared_ = false;  // not guarded
};

/// One timer for the deadlines of all that is watched: when it fires those are swept whose time has
/// come, and it is set to the next deadline. What ends in time leaves the timer alone.
class DeadlineWatch {
public:
    /// Those whose time is up.
    struct Swept {
        std::vector<Watched*> ended{};            // they are out of everything: the caller's
        std::vector<std::stop_source> running{};  // or about to: these see for themselves
    };

    /// in  remove: take one out of wherever it waits, with this mutex held; false: it has
    ///     started, or is about to
    ///     on_time: a deadline has come: `sweep`
    DeadlineWatch(Executor& executor, std::function<bool(Watched&)> remove,
                  std::function<void()> on_time)
        : executor_{executor}, remove_{std::move(remove)}, on_time_{std::move(on_time)} {}
    /// thread the I/O thread, with nothing left inside
    ~DeadlineWatch();
    DeadlineWatch(const DeadlineWatch&) = delete;
    DeadlineWatch& operator=(const DeadlineWatch&) = delete;

    /// Also one that is watched already, and has got a deadline.          thread the I/O thread
    void watch(Watched& watched, std::optional<TimePoint> deadline);
    void unwatch(Watched& watched) noexcept;  // thread any
    /// Keep one from starting.          thread any
    /// out  false when it has started, or is about to
    bool remove(Watched& watched) noexcept {
        return remove_if(watched, [] { return true; });
    }
    /// The same, of one that is such.
    /// in  is_such: asked with this mutex held
    template <typename Check>
    bool remove_if(Watched& watched, Check&& is_such) noexcept {
        const std::lock_guard guard{mutex_};
        const bool is_out = is_such() && remove_(watched);
        if (is_out) {
            unlink(watched);
        }
        return is_out;
    }

    /// Sweep those whose deadline has come.          thread the I/O thread
    Swept sweep();
    /// Sweep those that are chosen, each once.          thread any
    /// in  is_chosen: asked of each that is watched, also of those that were swept before
    Swept sweep(const std::function<bool(Watched&)>& is_chosen);
    /// Put one where `remove` finds it.          thread any
    /// out  false: it was not put anywhere, as a sweep that did not find it was here before
    template <typename Put>
    bool put(Watched& watched, Put&& put_it) {
        const std::lock_guard guard{mutex_};
        return !watched.is_swept_ && (put_it(), true);
    }
    /// Change what `remove` looks at.          thread any
    template <typename Change>
    void change(Change&& change_it) {
        const std::lock_guard guard{mutex_};
        change_it();
    }

private:
    void unlink(Watched& watched) noexcept;
    void set_timer(TimePoint when);

    Executor& executor_;
    std::function<bool(Watched&)> remove_;
    std::function<void()> on_time_;

    std::mutex mutex_;
    Watched* first_ = nullptr;

    std::optional<TimePoint> timer_due_;
    Executor::TimerId timer_ = 0;
};

}  // namespace warren::runtime
