#pragma once

#include "support/child_process.hpp"

#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

/// Servers in processes of their own that write down every effect: modules/ledger.cpp.
namespace warren::test {

/// One run of the handler.
struct Effect {
    pid_t process = 0;
    std::uint32_t attempt = 0;
};

/// A folder for the ledger and the servers' configuration, gone afterwards.
class Ledger {
public:
    Ledger() {
        std::string name = std::filesystem::temp_directory_path() / "warren-ledger-XXXXXX";
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error{"no folder for the ledger"};
        }
        folder_ = name;
        std::ofstream{path()};
        // For the servers that this process starts.
        setenv("WARREN_TEST_LEDGER", path().c_str(), 1);
    }
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    ~Ledger() { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder() const { return folder_; }

    /// The effects so far, by id, each in the order in which they happened.
    std::map<std::string, std::vector<Effect>> effects() const {
        std::map<std::string, std::vector<Effect>> by_id;
        std::ifstream file{path()};
        std::string id;
        for (Effect effect; file >> id >> effect.process >> effect.attempt;) {
            by_id[id].push_back(effect);
        }
        return by_id;
    }

private:
    std::filesystem::path path() const { return folder_ / "ledger.txt"; }

    std::filesystem::path folder_;
};

/// `warren serve` with the ledger's method.
class LedgerServer {
public:
    /// in   listener: its keys, as in "queue: no_loss, queue_type: quorum"
    LedgerServer(const Ledger& ledger, const std::string& broker, const std::string& listener) {
        configuration_ = ledger.folder() / "warren.yml";
        std::ofstream{configuration_} << fmt::format(
            "modules: [{}]\n"
            "log: {{level: error}}\n"
            "listeners:\n"
            "  - {{amqp: \"{}\", {}, max_simultaneous_requests: 16}}\n",
            WARREN_LEDGER_MODULES, broker, listener);
        start();
    }

    /// err  throws std::runtime_error when it does not get ready
    void start() {
        process_.emplace(
            std::vector<std::string>{WARREN_PROGRAM, "serve", "--config", configuration_});
        if (!process_->read_line().starts_with("ready")) {
            throw std::runtime_error{"warren serve did not get ready"};
        }
    }
    /// As a crash would end it.
    void kill() {
        process_->send_signal(SIGKILL);
        process_->wait();
    }
    /// out  the exit code
    int terminate() {
        process_->send_signal(SIGTERM);
        return process_->wait();
    }

private:
    std::string configuration_;
    std::optional<ChildProcess> process_;
};

}  // namespace warren::test
