#pragma once

#include "transport/loop/asio_executor.hpp"

#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace warren::endpoint {

/// A client's I/O thread.
class IoThread {
public:
    /// in   executor: what it runs. state: what lives as long as the thread, the executor included
    void start(transport::AsioExecutor& executor, std::shared_ptr<void> state) {
        executor_ = &executor;
        thread_ = std::thread{[&executor, state = std::move(state)] { executor.run(); }};
    }

    /// End it: `last` runs on it, and sees to it that the executor is stopped.
    /// thread any; on the I/O thread itself this does not wait
    void end(std::move_only_function<void()> last) {
        const bool inside = executor_->is_current_thread();
        executor_->post(std::move(last));
        if (inside) {
            thread_.detach();
        } else {
            thread_.join();
        }
    }

private:
    transport::AsioExecutor* executor_ = nullptr;
    std::thread thread_;
};

}  // namespace warren::endpoint
