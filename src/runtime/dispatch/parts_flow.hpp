#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

namespace warren::runtime {

/// The parts of one call that are under way: its caller says how many bytes of them may be, and
/// when it is done with some. Shared by the call and by what it came over.          thread any
class PartsFlow {
public:
    explicit PartsFlow(std::uint64_t window_bytes) noexcept : window_bytes_{window_bytes} {}
    PartsFlow(const PartsFlow&) = delete;
    PartsFlow& operator=(const PartsFlow&) = delete;

    /// How many parts there were, this one left out.
    std::uint64_t next_number() const noexcept;
    /// A part is under way.
    void sent(std::size_t bytes);
    /// Whether another one may be: one always may, however small the window is.
    bool has_room() const noexcept;
    /// The caller is done with so many bytes, counted from the first part. What is no more than it
    /// said before, or more than was sent, changes nothing.
    void done(std::uint64_t bytes);

    /// Call a function once there is room, or never will be: inside of this if that is now. One
    /// waits at a time.
    void wait(std::move_only_function<void()> on_room);
    /// The caller says nothing more: who waits for room it does not have goes on, and so does who
    /// would wait.
    void expect_no_more();
    bool expects_more() const noexcept;
    /// Call a function with the number of parts that the caller is done with, each time it grows.
    void watch(std::function<void(std::uint64_t parts)> on_done);
    /// Nobody takes parts any more: who waits goes on.
    void close();

private:
    bool admits() const noexcept {
        return is_closed_ || sent_bytes_ == done_bytes_ ||
               sent_bytes_ - done_bytes_ < window_bytes_;
    }

    const std::uint64_t window_bytes_;
    mutable std::mutex mutex_;  // of what follows
    std::uint64_t sent_ = 0;    // parts
    std::uint64_t done_ = 0;    // of them
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t done_bytes_ = 0;
    std::deque<std::uint64_t> ends_;  // of each part that the caller is not done with
    std::move_only_function<void()> on_room_;
    std::function<void(std::uint64_t)> on_done_;
    bool expects_more_ = true;
    bool is_closed_ = false;
};

}  // namespace warren::runtime
