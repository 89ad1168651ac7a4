#pragma once

#include <signal.h>
#include <time.h>  // NOLINT: timespec is POSIX's

namespace warren::store {

/// While this lives, writing over the limit of a file's size (ulimit -f) is an error for this
/// thread, and not the end of the process.
class FileSizeSignalBlocked {
public:
    FileSizeSignalBlocked() noexcept {
        sigemptyset(&signal_);
        sigaddset(&signal_, SIGXFSZ);
        pthread_sigmask(SIG_BLOCK, &signal_, &before_);
    }
    FileSizeSignalBlocked(const FileSizeSignalBlocked&) = delete;
    FileSizeSignalBlocked& operator=(const FileSizeSignalBlocked&) = delete;
    ~FileSizeSignalBlocked() {
        if (sigismember(&before_, SIGXFSZ) == 0) {
            constexpr timespec no_time{};
            while (sigtimedwait(&signal_, nullptr, &no_time) == SIGXFSZ) {
            }
            pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        }
    }

private:
    sigset_t signal_{};
    sigset_t before_{};
};

}  // namespace warren::store
