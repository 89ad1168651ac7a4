#pragma once

#include "support/child_process.hpp"

#include <csignal>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace warren::faults {

/// The order service of examples/, or a proxy before it, in a process of its own that may be killed
/// and started again.
/// thread one at a time
class Service {
public:
    /// in  arguments: the program and its own; a port must be free
    ///     log: a file that its log goes to
    Service(const std::vector<std::string>& arguments, const std::string& log)
        : log_{log}, command_{"sh", "-c", "exec \"$@\" 2>>'" + log + "'", "sh"} {
        command_.insert(command_.end(), arguments.begin(), arguments.end());
        start();
    }

    void kill() {
        process_->send_signal(SIGKILL);
        process_->wait();
    }
    void start() {
        process_ = std::make_unique<test::ChildProcess>(command_);
        if (!process_->read_line().starts_with("ready")) {
            std::ostringstream said;
            said << std::ifstream{log_}.rdbuf();
            throw std::runtime_error{"a service did not get ready: " + said.str()};
        }
    }
    /// out  its exit code
    int terminate() {
        process_->send_signal(SIGTERM);
        return process_->wait();
    }
    pid_t id() const { return process_->id(); }

private:
    std::string log_;
    std::vector<std::string> command_;
    std::unique_ptr<test::ChildProcess> process_;
};

}  // namespace warren::faults
