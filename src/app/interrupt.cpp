#include "app/interrupt.hpp"

#include "endpoint/ending.hpp"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace warren::app {
namespace {

bool is_ignored(int number) {
    struct sigaction action{};
    return sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Interrupt::Interrupt() {
    sigemptyset(&set_);
    for (const int number : {SIGINT, SIGTERM}) {
        // What is ignored, as of a shell's background, would be taken when it is waited for.
        if (!is_ignored(number)) {
            sigaddset(&set_, number);
        }
    }
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::thread{[state = state_, set = set_] {
        int number = 0;
        while (sigwait(&set, &number) != 0) {
        }
        state->number = number;
        state->source.request_stop();
        const auto first = std::chrono::steady_clock::now();
        while (sigwait(&set, &number) != 0 ||
               std::chrono::steady_clock::now() - first <= endpoint::same_signal) {
        }
        _exit(128 + number);
    }}.detach();
}

void Interrupt::wait_for(std::chrono::milliseconds duration) const {
    std::mutex mutex;
    std::unique_lock lock{mutex};
    std::condition_variable_any stopped;
    stopped.wait_for(lock, token(), duration, [] { return false; });
}

void Interrupt::end() const {
    const int number = state_->number;
    signal(number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
    raise(number);
    _exit(128 + number);
}

}  // namespace warren::app
