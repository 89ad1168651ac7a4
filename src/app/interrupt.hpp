#pragma once

#include <signal.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>

namespace warren::app {

/// A signal that would end the process gives its call up instead, so that the server is told; a
/// second one ends the process at once.
class Interrupt {
public:
    /// Before any thread starts, so that all inherit it.
    Interrupt();

    std::stop_token token() const noexcept { return state_->source.get_token(); }
    bool is_asked() const noexcept { return state_->number != 0; }
    /// Wait, but no longer than until it is asked for.
    void wait_for(std::chrono::milliseconds duration) const;
    /// End as the signal does by default: who waits for the process sees it.
    [[noreturn]] void end() const;

private:
    struct State {
        std::stop_source source;
        std::atomic<int> number = 0;
    };

    const std::shared_ptr<State> state_ = std::make_shared<State>();
    sigset_t set_{};
};

}  // namespace warren::app
