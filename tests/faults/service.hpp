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
        if (!try_to_start()) {
            throw std::runtime_error{"a service did not get ready: " + log()};
        }
    }
    /// It is to say why it cannot start, and to end.
    void start_in_vain(const std::string& reason) {
        if (try_to_start() || process_->wait() != 1 || log().find(reason) == std::string::npos) {
            throw std::runtime_error{"a service did not say '" + reason + "': " + log()};
        }
    }
    /// out  its exit code
    int terminate() {
        process_->send_signal(SIGTERM);
        return process_->wait();
    }
    pid_t id() const { return process_->id(); }

private:
    bool try_to_start() {
        process_ = std::make_unique<test::ChildProcess>(command_);
        return process_->read_line().starts_with("ready");
    }
    std::string log() const {
        std::ostringstream said;
        said << std::ifstream{log_}.rdbuf();
        return said.str();
    }

    std::string log_;
    std::vector<std::string> command_;
    std::unique_ptr<test::ChildProcess> process_;
};

}  // namespace warren::faults
