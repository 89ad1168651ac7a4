#pragma once

#include <warren/contract.hpp>
#include <warren/detail/call_sink.hpp>
#include <warren/detail/invocation.hpp>
#include <warren/error.hpp>

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <expected>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace warren {

namespace detail {

/// What a call with parts has given and nobody has taken yet.          thread any
template <typename Part, typename Response>
class PartsQueue {
public:
    void push(Part part, std::size_t bytes, const std::shared_ptr<PartsCredit>& credit) {
        std::unique_lock lock{mutex_};
        parts_.push_back({std::move(part), bytes});
        credit_ = credit;
        wake(std::move(lock));
    }

    void end(std::expected<Response, Failure> outcome, std::string_view message) {
        std::unique_lock lock{mutex_};
        message_ = message;
        outcome_ = std::move(outcome);
        wake(std::move(lock));
    }

    /// Have a coroutine go on once `pop` does not wait.
    /// out  false: it does not now
    bool suspend(OpenCall& handler, std::coroutine_handle<> coroutine) {
        const std::lock_guard lock{mutex_};
        if (!parts_.empty() || outcome_) {
            return false;
        }
        handler_ = &handler;
        suspended_ = coroutine;
        return true;
    }

    /// Stop the call with another one.
    void follow(std::stop_token other, std::stop_source stop) {
        following_.emplace(std::move(other), Stop{std::move(stop)});
    }

    /// out  nullopt at the end
    std::optional<Part> pop() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !parts_.empty() || outcome_; });
        if (parts_.empty()) {
            return std::nullopt;
        }
        Entry next = std::move(parts_.front());
        parts_.pop_front();
        const std::shared_ptr<PartsCredit> credit = credit_;
        lock.unlock();
        credit->done(next.bytes);
        return std::move(next.part);
    }

    std::expected<Response, Failure> take_outcome() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return outcome_.has_value(); });
        return std::move(*outcome_);
    }

    /// Once the outcome was taken.
    const std::string& message() const noexcept { return message_; }

private:
    struct Entry {
        Part part;
        std::size_t bytes;
    };

    struct Stop {
        std::stop_source of_this;

        void operator()() noexcept { of_this.request_stop(); }
    };

    void wake(std::unique_lock<std::mutex> lock) {
        OpenCall* const handler = std::exchange(handler_, nullptr);
        changed_.notify_one();
        lock.unlock();
        if (handler != nullptr) {
            handler->go_on(suspended_);
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    OpenCall* handler_ = nullptr;  // whose coroutine waits; null: none does
    std::coroutine_handle<> suspended_;
    std::optional<std::stop_callback<Stop>> following_;
    std::deque<Entry> parts_;
    std::shared_ptr<PartsCredit> credit_;
    std::optional<std::expected<Response, Failure>> outcome_;
    std::string message_;
};

template <typename Part, typename Response>
class PartsSink final : public CallSink {
public:
    explicit PartsSink(std::shared_ptr<PartsQueue<Part, Response>> queue)
        : queue_{std::move(queue)} {}

    void* part() override { return &part_.emplace(); }
    void part_bound(std::size_t bytes, const std::shared_ptr<PartsCredit>& credit) override {
        queue_->push(std::move(*part_), bytes, credit);
    }
    void* response() override { return storage_.address(); }
    void finished(std::string_view message, bool, Failure* failure) override {
        queue_->end(storage_.take(failure), message);
    }

private:
    const std::shared_ptr<PartsQueue<Part, Response>> queue_;
    std::optional<Part> part_;
    ResponseStorage<Response> storage_;
};

/// Gives each part to a function, and the outcome to another.
template <typename Part, typename Response, typename OnPart, typename Completion>
class PartsCompletionSink final : public CallSink {
public:
    PartsCompletionSink(OnPart on_part, Completion completion)
        : on_part_{std::move(on_part)}, completion_{std::move(completion)} {}

    void* part() override { return &part_.emplace(); }
    void part_bound(std::size_t bytes, const std::shared_ptr<PartsCredit>& credit) override {
        on_part_(std::move(*part_));
        credit->done(bytes);
    }
    void* response() override { return storage_.address(); }
    void finished(std::string_view, bool, Failure* failure) override {
        completion_(storage_.take(failure));
    }

private:
    OnPart on_part_;
    Completion completion_;
    std::optional<Part> part_;
    ResponseStorage<Response> storage_;
};

/// Waits in a coroutine of a handler for the next part or the end.
/// in   take: then gives it
template <typename Parts, auto take>
struct PartsAwaitable {
    struct Awaiter {
        Parts& parts;
        OpenCall& handler;

        bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> waiting) {
            return parts.suspend(handler, waiting);
        }
        decltype(auto) await_resume() { return (parts.*take)(); }
    };

    Parts& parts;

    Awaiter awaiter(OpenCall& handler) const noexcept { return {parts, handler}; }
};

}  // namespace detail

/// The parts of a call while they come, one after the other, each checked; then its response:
///
///     auto parts = client.stream<list_orders>(query);
///     for (const Order& order : parts) { ... }
///     const Summary summary = parts.response();
///
/// No more of them are under way than `CallOptions::parts_window` says, so one that is not taken
/// holds the handler up. Whoever destroys this before the end gives the call up.
/// thread one at a time
template <typename Part, typename Response>
class Parts {
public:
    Parts(std::shared_ptr<detail::PartsQueue<Part, Response>> queue, std::stop_source stop) noexcept
        : queue_{std::move(queue)}, stop_{std::move(stop)} {}
    Parts(Parts&& other) noexcept
        : queue_{std::move(other.queue_)},
          stop_{std::exchange(other.stop_, std::stop_source{std::nostopstate})} {}
    Parts& operator=(Parts&& other) noexcept {
        std::swap(queue_, other.queue_);
        std::swap(stop_, other.stop_);
        return *this;
    }
    ~Parts() { stop(); }

    /// Wait for the next part.
    /// out  nullopt: there are no more, and `response` is there
    /// err  throws Error: why the call failed; parts before that were given
    std::optional<Part> next() {
        std::optional<Part> part = queue_->pop();
        if (!part) {
            outcome();
        }
        return part;
    }

    /// Wait for the end, passing over parts that nobody took.
    /// err  throws Error: why the call failed
    std::add_lvalue_reference_t<const Response> response() {
        while (queue_->pop()) {
        }
        return *outcome();
    }

    /// `next` in a coroutine of a handler, which holds no thread while it waits: co_await it. The
    /// response is there once it has given none.
    ///
    ///     auto orders = context.stream<list_orders>(client, query);
    ///     for (;;) {
    ///         const std::optional<Order> order = co_await orders.async_next();
    ///         if (!order) {
    ///             break;
    ///         }
    ///         ...
    ///     }
    auto async_next() noexcept { return detail::PartsAwaitable<Parts, &Parts::next>{*this}; }
    /// For that.
    bool suspend(detail::OpenCall& handler, std::coroutine_handle<> coroutine) {
        return queue_->suspend(handler, coroutine);
    }

    /// What the handler said beside its response; once that was waited for.
    const std::string& message() const noexcept { return queue_->message(); }

    /// Give the call up: it ends as `cancelled`.
    void stop() noexcept { stop_.request_stop(); }

    /// Takes one part after the other.
    class Iterator {
    public:
        /// What it gives.
        using value_type = Part;
        /// Of iterators.
        using difference_type = std::ptrdiff_t;

        explicit Iterator(Parts& parts) : parts_{&parts}, part_{parts.next()} {}
        Part& operator*() const noexcept { return *part_; }
        Iterator& operator++() {
            part_ = parts_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const noexcept { return !part_; }

    private:
        Parts* parts_;
        mutable std::optional<Part> part_;
    };
    /// The next part, so that a range-based for takes one after the other.
    /// err  as `next`
    Iterator begin() { return Iterator{*this}; }
    /// Behind the last part.
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    std::expected<Response, Failure>& outcome() {
        if (!outcome_) {
            outcome_ = queue_->take_outcome();
        }
        if (!*outcome_) {
            throw Error{outcome_->error()};
        }
        return *outcome_;
    }

    std::shared_ptr<detail::PartsQueue<Part, Response>> queue_;
    std::stop_source stop_;
    std::optional<std::expected<Response, Failure>> outcome_;
};

}  // namespace warren
