#pragma once

#include "runtime/executor.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace warren::runtime {

/// What comes back to the I/O thread: a call that has ended, or before that something else of it.
class CompletionEntry {
public:
    enum class Kind : std::uint8_t { end, part, heartbeats };

    explicit CompletionEntry(Kind of) noexcept : entry_kind{of} {}
    CompletionEntry(const CompletionEntry&) = delete;
    CompletionEntry& operator=(const CompletionEntry&) = delete;
    virtual ~CompletionEntry() = default;

    CompletionEntry* next_entry = nullptr;
    const Kind entry_kind;
};

/// Brings what is put into it to the I/O thread: one post for all that comes until it runs.
class CompletionQueue : public std::enable_shared_from_this<CompletionQueue> {
public:
    CompletionQueue(Executor& executor, std::move_only_function<void()> on_completion);
    ~CompletionQueue();
    CompletionQueue(const CompletionQueue&) = delete;
    CompletionQueue& operator=(const CompletionQueue&) = delete;

    /// thread any
    void put(std::unique_ptr<CompletionEntry> entry) noexcept;
    /// Take all that was put, in that order.          thread the I/O thread
    template <typename Function>
    void take_all(Function&& each) {
        for (CompletionEntry* next = take_list(); next != nullptr;) {
            std::unique_ptr<CompletionEntry> entry{std::exchange(next, next->next_entry)};
            each(std::move(entry));
        }
    }
    /// Call nobody any more.          thread the I/O thread
    void close() noexcept { on_completion_ = nullptr; }

private:
    CompletionEntry* take_list() noexcept;

    Executor& executor_;
    std::move_only_function<void()> on_completion_;   // the I/O thread's own
    std::atomic<CompletionEntry*> newest_ = nullptr;  // each links to the one put before it
};

}  // namespace warren::runtime
