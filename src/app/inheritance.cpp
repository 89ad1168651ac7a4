#include "app/inheritance.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace warren::app {
namespace {

/// Unlike one that is ignored, a handler is not inherited by other programs.
void survive(int signal) {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
}

}  // namespace

void settle_in() {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        if (fcntl(stream, F_GETFD) < 0) {
            // The lowest that is free, which is this one, and for the other direction.
            static_cast<void>(open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
    survive(SIGPIPE);
    survive(SIGXFSZ);
}

}  // namespace warren::app
