#include "runtime/dispatch/completion_queue.hpp"

namespace warren::runtime {

CompletionQueue::CompletionQueue(Executor& executor, std::move_only_function<void()> on_completion)
    : executor_{executor}, on_completion_{std::move(on_completion)} {}

CompletionQueue::~CompletionQueue() {
    take_all([](std::unique_ptr<CompletionEntry>) {});
}

void CompletionQueue::put(std::unique_ptr<CompletionEntry> entry) noexcept {
    CompletionEntry* const newest = entry.release();
    // Whoever finds the box empty calls for the I/O thread. This must not touch the entry after it
    // is in: the I/O thread may have used it again.
    const std::shared_ptr<CompletionQueue> self = shared_from_this();
    CompletionEntry* older = newest_.load(std::memory_order_relaxed);
    do {
        newest->next_entry = older;
    } while (!newest_.compare_exchange_weak(older, newest, std::memory_order_release,
                                            std::memory_order_relaxed));
    if (older == nullptr) {
        executor_.post([self] {
            if (self->on_completion_) {
                self->on_completion_();
            }
        });
    }
}

CompletionEntry* CompletionQueue::take_list() noexcept {
    CompletionEntry* newer = newest_.exchange(nullptr, std::memory_order_acquire);
    CompletionEntry* oldest = nullptr;
    while (newer != nullptr) {
        CompletionEntry* const older = std::exchange(newer->next_entry, oldest);
        oldest = std::exchange(newer, older);
    }
    return oldest;
}

}  // namespace warren::runtime
