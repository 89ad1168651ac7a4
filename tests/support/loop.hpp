#pragma once

#include "transport/loop/asio_executor.hpp"

#include <chrono>
#include <functional>

namespace warren::transport::test {

using namespace std::chrono_literals;

/// A loop that a test turns until something has come about.
class Loop {
public:
    explicit Loop(AsioExecutor::Options options = {}) : executor{options} {}

    AsioExecutor executor;

    /// out  whether it came about before a deadline, which is generous: it is no measurement
    template <typename Predicate>
    bool until(Predicate predicate) {
        const auto give_up_at = std::chrono::steady_clock::now() + 30s;
        bool met = false;
        std::move_only_function<void()> look;
        runtime::Executor::TimerId timer = 0;
        look = [&] {
            met = predicate();
            if (met || std::chrono::steady_clock::now() > give_up_at) {
                return executor.stop();
            }
            timer = executor.post_at(executor.now() + 1ms, [&] { look(); });
        };
        executor.post([&] { look(); });
        executor.run();
        executor.cancel(timer);
        return met;
    }
};

}  // namespace warren::transport::test
