#include <warren/server.hpp>

#include "endpoint/ending.hpp"

#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>

namespace warren {
namespace {

constexpr int exit_drained = 0;
constexpr int exit_not_drained = 75;  // as `warren serve`
constexpr std::int64_t not_asked = -1;

// What the handler of a signal reaches, which has no other way to it.
std::atomic<int> wake_descriptor = -1;
std::atomic<std::int64_t> asked_ms = not_asked;

/// The first that asks for the end wakes who waits for it.
/// out  when it was asked for before; `not_asked` for the first      thread any, also of a signal
std::int64_t ask_for_end(std::int64_t now_ms) noexcept {
    std::int64_t before_ms = not_asked;
    if (asked_ms.compare_exchange_strong(before_ms, now_ms)) {
        const std::uint64_t one = 1;
        static_cast<void>(!write(wake_descriptor.load(), &one, sizeof one));
    }
    return before_ms;
}

std::int64_t time_ms() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

void on_signal(int number) {
    const int error_before = errno;
    const std::int64_t now_ms = time_ms();
    const std::int64_t before_ms = ask_for_end(now_ms);
    if (before_ms != not_asked && now_ms - before_ms > endpoint::same_signal.count()) {
        _exit(128 + number);
    }
    errno = error_before;
}

/// Takes SIGINT and SIGTERM as long as it lives, whatever thread they come to.
class EndSignals {
public:
    EndSignals() : descriptor_{eventfd(0, EFD_CLOEXEC)} {
        int none = -1;
        if (descriptor_ < 0 || !wake_descriptor.compare_exchange_strong(none, descriptor_)) {
            close(descriptor_);
            throw Error{Code::internal, "run_until_signal is for one server at a time"};
        }
        asked_ms = not_asked;
        signal(SIGPIPE, SIG_IGN);
        sigset_t taken{};
        sigemptyset(&taken);
        for (Before& before : before_) {
            struct sigaction action{};
            action.sa_handler = on_signal;
            action.sa_flags = SA_RESTART;
            sigaction(before.number, nullptr, &before.action);
            // What is ignored, as of a shell's background, stays ignored.
            if (before.action.sa_handler != SIG_IGN) {
                sigaction(before.number, &action, nullptr);
            }
            sigaddset(&taken, before.number);
        }
        pthread_sigmask(SIG_UNBLOCK, &taken, &mask_);
    }
    ~EndSignals() {
        pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
        for (const Before& before : before_) {
            sigaction(before.number, &before.action, nullptr);
        }
        wake_descriptor = -1;
        close(descriptor_);
    }
    EndSignals(const EndSignals&) = delete;
    EndSignals& operator=(const EndSignals&) = delete;

    void wait() const noexcept {
        std::uint64_t count = 0;
        while (read(descriptor_, &count, sizeof count) < 0 && errno == EINTR) {
        }
    }

private:
    struct Before {
        int number;
        struct sigaction action{};
    };

    const int descriptor_;
    Before before_[2] = {{SIGINT}, {SIGTERM}};
    sigset_t mask_{};
};

class NoLog final : public Log {
public:
    void write(LogLevel, std::string_view) override {}
};

}  // namespace

int run_until_signal(Server& server) {
    const EndSignals signals;
    server.on_shutdown([] { ask_for_end(time_ms()); });
    server.start();
    signals.wait();
    const ServerOptions& options = server.options();
    const std::shared_ptr<Log> log = options.log ? options.log : std::make_shared<NoLog>();
    return endpoint::end_serving(server, options.drain_timeout, *log) == endpoint::Ending::drained
               ? exit_drained
               : exit_not_drained;
}

}  // namespace warren
