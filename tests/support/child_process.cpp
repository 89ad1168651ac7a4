#include "support/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace warren::test {
namespace {

void check(bool succeeded, const char* what) {
    if (!succeeded) {
        throw std::system_error{errno, std::generic_category(), what};
    }
}

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    check(pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
    return ends;
}

// Only async-signal-safe calls: this process may have more threads, which the fork left behind.
[[noreturn]] void become(char* const* arguments, pid_t parent, int input, int output) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0) {
        execvp(arguments[0], arguments);
    }
    _exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    const std::array<int, 2> input = make_pipe();
    const std::array<int, 2> output = make_pipe();
    const pid_t parent = getpid();
    id_ = fork();
    if (id_ == 0) {
        become(arguments.data(), parent, input[0], output[1]);
    }
    close(input[0]);
    close(output[1]);
    input_ = input[1];
    output_ = output[0];
    check(id_ > 0, "fork");
}

ChildProcess::~ChildProcess() {
    close_input();
    if (exit_code_ < 0) {
        send_signal(SIGKILL);
        wait();
    }
    close(output_);
}

std::string ChildProcess::read_line() {
    while (true) {
        if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
            std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        std::array<char, 4096> part{};
        const ssize_t count = read(output_, part.data(), part.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        check(count >= 0, "read");
        if (count == 0) {
            return std::exchange(unread_, {});
        }
        unread_.append(part.data(), static_cast<std::size_t>(count));
    }
}

void ChildProcess::write_line(const std::string& line) {
    const std::string whole = line + '\n';
    check(write(input_, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()), "write");
}

void ChildProcess::close_input() {
    if (input_ >= 0) {
        close(std::exchange(input_, -1));
    }
}

void ChildProcess::send_signal(int number) {
    if (exit_code_ < 0) {
        kill(id_, number);
    }
}

int ChildProcess::wait() {
    if (exit_code_ < 0) {
        int status = 0;
        while (waitpid(id_, &status, 0) < 0) {
            check(errno == EINTR, "waitpid");
        }
        exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return exit_code_;
}

}  // namespace warren::test
