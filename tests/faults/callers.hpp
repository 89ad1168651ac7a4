#pragma once

#include "faults/load.hpp"
#include "faults/orders.hpp"
#include "support/child_process.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace warren::faults {

/// A load in a process of its own, which may be killed; who follows places what it had begun.
/// thread one at a time
class Callers {
public:
    Callers(std::string address, std::size_t threads, std::string journal)
        : command_{"/proc/self/exe", "callers", std::move(address), std::to_string(threads),
                   journal},
          journal_{std::move(journal)} {
        command_.front() = own_path();
        start();
    }

    void await_more(std::uint64_t calls) {
        for (; calls != 0 && !process_->read_line().empty(); --calls) {
        }
    }
    void kill() {
        process_->send_signal(SIGKILL);
        process_->wait();
    }
    void start() { process_ = std::make_unique<test::ChildProcess>(command_); }

    Load::Counts finish() {
        process_->close_input();
        while (!process_->read_line().empty()) {
        }
        Load::Counts counts;
        const int code = process_->wait();
        const JournaledOrders::State state = JournaledOrders::read(journal_);
        counts.calls = state.begun;
        counts.answered = state.begun - state.open.size();
        counts.hung = code == 0 ? state.open.size() : state.begun;
        return counts;
    }

    /// What the process does.
    static int run(const std::string& address, std::size_t threads, const std::string& journal) {
        JournaledOrders orders{journal};
        Load load{address, threads,   Keys::one_each,
                  orders,  "callers", [] { (void)!write(STDOUT_FILENO, "answered\n", 9); }};
        char end = 0;
        while (read(STDIN_FILENO, &end, 1) > 0) {
        }
        return load.finish().hung == 0 ? 0 : 1;
    }

private:
    static std::string own_path() {
        std::string path(4096, '\0');
        const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
        path.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return path;
    }

    std::vector<std::string> command_;
    std::string journal_;
    std::unique_ptr<test::ChildProcess> process_;
};

}  // namespace warren::faults
