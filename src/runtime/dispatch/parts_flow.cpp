#include "runtime/dispatch/parts_flow.hpp"

#include <utility>

namespace warren::runtime {

std::uint64_t PartsFlow::next_number() const noexcept {
    const std::lock_guard guard{mutex_};
    return sent_;
}

void PartsFlow::sent(std::size_t bytes) {
    const std::lock_guard guard{mutex_};
    ends_.push_back(sent_bytes_ + bytes);
    sent_bytes_ += bytes;
    ++sent_;
}

bool PartsFlow::has_room() const noexcept {
    const std::lock_guard guard{mutex_};
    return admits();
}

void PartsFlow::done(std::uint64_t bytes) {
    std::move_only_function<void()> on_room;
    std::function<void(std::uint64_t)> on_done;
    std::uint64_t parts = 0;
    {
        const std::lock_guard guard{mutex_};
        if (bytes <= done_bytes_ || bytes > sent_bytes_) {
            return;
        }
        done_bytes_ = bytes;
        while (!ends_.empty() && ends_.front() <= bytes) {
            ends_.pop_front();
            ++done_;
        }
        parts = done_;
        on_done = on_done_;
        if (admits()) {
            on_room = std::exchange(on_room_, nullptr);
        }
    }
    if (on_done) {
        on_done(parts);
    }
    if (on_room) {
        on_room();
    }
}

void PartsFlow::wait(std::move_only_function<void()> on_room) {
    {
        const std::lock_guard guard{mutex_};
        if (!admits() && expects_more_) {
            on_room_ = std::move(on_room);
            return;
        }
    }
    on_room();
}

void PartsFlow::expect_no_more() {
    std::move_only_function<void()> on_room;
    {
        const std::lock_guard guard{mutex_};
        expects_more_ = false;
        on_room = std::exchange(on_room_, nullptr);
    }
    if (on_room) {
        on_room();
    }
}

bool PartsFlow::expects_more() const noexcept {
    const std::lock_guard guard{mutex_};
    return expects_more_;
}

void PartsFlow::watch(std::function<void(std::uint64_t parts)> on_done) {
    const std::lock_guard guard{mutex_};
    on_done_ = std::move(on_done);
}

void PartsFlow::close() {
    std::move_only_function<void()> on_room;
    {
        const std::lock_guard guard{mutex_};
        is_closed_ = true;
        on_done_ = nullptr;
        on_room = std::exchange(on_room_, nullptr);
    }
    if (on_room) {
        on_room();
    }
}

}  // namespace warren::runtime
