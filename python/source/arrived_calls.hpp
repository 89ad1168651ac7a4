#pragma once

#include "source/event_queue.hpp"
#include "source/python_method.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>

/// Where calls are between the runtime and Python.
namespace warren::python {

/// Calls that Python has, so that none outlives its server: whoever is left without a response at
/// the end gets `internal`.
/// thread any
class OpenCalls {
public:
    /// in  call: at a place of its own, from `arrived` on
    void add(const ArrivedCall* call) {
        const std::lock_guard lock{mutex_};
        all_.insert(call);
    }
    /// out  false: it has ended already
    bool take(const ArrivedCall* call) {
        const std::lock_guard lock{mutex_};
        return all_.erase(call) != 0;
    }
    bool has(const ArrivedCall* call) {
        const std::lock_guard lock{mutex_};
        return all_.contains(call);
    }
    void abandon_all() {
        const std::lock_guard lock{mutex_};
        for (const ArrivedCall* call : all_) {
            call->open->abandon();
        }
        all_.clear();
    }

private:
    std::mutex mutex_;
    std::unordered_set<const ArrivedCall*> all_;
};

/// Calls that wait for a thread.
class CallsForThreads final : public ArrivedCalls {
public:
    void push(const ArrivedCall& call) override {
        {
            const std::lock_guard lock{mutex_};
            calls_.push_back(call);
        }
        arrived_.notify_one();
    }
    /// out  none: there is none now
    std::optional<ArrivedCall> try_take() {
        const std::lock_guard lock{mutex_};
        return pop();
    }
    /// out  none: there will be no more
    std::optional<ArrivedCall> take() {
        std::unique_lock lock{mutex_};
        arrived_.wait(lock, [this] { return is_ended_ || !calls_.empty(); });
        return pop();
    }
    void end() {
        const std::lock_guard lock{mutex_};
        is_ended_ = true;
        arrived_.notify_all();
    }

private:
    std::optional<ArrivedCall> pop() {
        if (calls_.empty()) {
            return std::nullopt;
        }
        const ArrivedCall next = calls_.front();
        calls_.pop_front();
        return next;
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<ArrivedCall> calls_;
    bool is_ended_ = false;
};

/// Calls that wait for an event loop.
class CallsForLoop final : public ArrivedCalls {
public:
    void push(const ArrivedCall& call) override { queue_.push(call); }
    std::vector<ArrivedCall> take_all() { return queue_.take_all(); }
    int descriptor() const noexcept { return queue_.descriptor(); }

private:
    EventQueue<ArrivedCall> queue_;
};

}  // namespace warren::python
