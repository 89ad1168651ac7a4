#pragma once

#include <warren/client.hpp>

#include "faults/orders.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace warren::faults {

/// Whether the calls that are sent again bear the same key.
enum class Keys : bool { none, one_each };

/// Threads that place orders, one after the other, and ask again until each has an answer.
class Load {
public:
    struct Counts {
        std::uint64_t calls = 0;
        std::uint64_t answered = 0;
        std::uint64_t hung = 0;   // without an answer after a minute of trying, or ever
        std::uint64_t late = 0;   // tries whose end came long after their deadline
        std::uint64_t tries = 0;  // beyond the first of each, by this load: clients try, too
        std::map<Code, std::uint64_t> failures{};
    };

    Load(const std::string& address, std::size_t threads, Keys keys)
        : Load{address, threads, keys, own_orders_} {}
    /// in   prefix: of the calls' keys; another load with the same one places the same orders
    ///      on_answer: called after each, by any thread
    Load(const std::string& address, std::size_t threads, Keys keys, Orders& orders,
         std::string prefix = to_string(Uuid::random()), std::function<void()> on_answer = {})
        : client_{address, {.timeout = timeout}},
          keys_{keys},
          orders_{orders},
          prefix_{std::move(prefix)},
          on_answer_{std::move(on_answer)} {
        for (std::size_t at = 0; at < threads; ++at) {
            threads_.emplace_back([this] { run(); });
        }
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;
    ~Load() { finish(); }

    /// Wait until so many more calls are answered; whether they were, in a minute.
    bool await_more(std::uint64_t calls) {
        std::unique_lock lock{mutex_};
        const std::uint64_t wanted = counts_.answered + calls;
        return changed_.wait_for(lock, patience, [&] { return counts_.answered >= wanted; });
    }
    /// Begin no more, and wait for the answers to those that have begun.
    Counts finish() {
        is_over_ = true;
        for (std::thread& thread : threads_) {
            thread.join();
        }
        threads_.clear();
        return counts_;
    }

private:
    static constexpr std::chrono::seconds patience{60};
    static constexpr std::chrono::seconds timeout{5};
    static constexpr std::chrono::seconds late_after{2 * timeout};

    void run() {
        while (!is_over_ || orders_.has_open()) {
            place(orders_.begin());
        }
    }

    void place(const std::string& id) {
        const Dynamic order = Dynamic::map({{"id", id}, {"item", "onions"}, {"count", 1}});
        CallOptions options{.idempotent = keys_ == Keys::one_each};
        if (keys_ == Keys::one_each) {
            options.idempotency_key = prefix_ + ' ' + id;
        }
        const auto until = std::chrono::steady_clock::now() + patience;
        bool is_answered = false;
        std::uint64_t tries = 0;
        std::uint64_t late = 0;
        std::map<Code, std::uint64_t> failures;
        while (!is_answered && std::chrono::steady_clock::now() < until) {
            ++tries;
            const auto began = std::chrono::steady_clock::now();
            Retry retry = Retry::safe;
            try {
                client_.call("place_order", order, options);
                is_answered = true;
            } catch (const Error& error) {
                ++failures[error.code()];
                retry = retry_of(error.code());
            }
            late += std::chrono::steady_clock::now() - began > late_after ? 1 : 0;
            if (retry == Retry::useless) {
                break;
            }
        }
        if (is_answered) {
            orders_.end(id);
            if (on_answer_) {
                on_answer_();
            }
        }
        const std::lock_guard lock{mutex_};
        ++counts_.calls;
        counts_.answered += is_answered ? 1 : 0;
        counts_.hung += is_answered ? 0 : 1;
        counts_.late += late;
        counts_.tries += tries - 1;
        for (const auto& [code, count] : failures) {
            counts_.failures[code] += count;
        }
        changed_.notify_all();
    }

    Client client_;
    const Keys keys_;
    Orders own_orders_;
    Orders& orders_;
    const std::string prefix_;
    const std::function<void()> on_answer_;
    std::atomic<bool> is_over_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    Counts counts_;
    std::vector<std::thread> threads_;
};

}  // namespace warren::faults
