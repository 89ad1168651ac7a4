#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace warren::test {

/// Another program, run with pipes to its standard input and output (its errors go to ours).
/// It is killed when this object goes, and when this process ends in any way.
/// thread one at a time
class ChildProcess {
public:
    /// in   the program (looked up in PATH) and its arguments
    /// err  throws std::system_error when it cannot be started
    explicit ChildProcess(const std::vector<std::string>& command);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    /// out  the next line, without its end; empty at the end of its output, too
    std::string read_line();
    void write_line(const std::string& line);
    void close_input();
    void send_signal(int number);
    /// out  exit code, or 128 + the signal that ended it; the same again for later calls
    int wait();

    pid_t id() const { return id_; }

private:
    pid_t id_ = -1;
    int input_ = -1;
    int output_ = -1;
    int exit_code_ = -1;
    std::string unread_;
};

}  // namespace warren::test
