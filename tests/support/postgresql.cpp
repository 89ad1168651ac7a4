#include "support/postgresql.hpp"

#include "support/child_process.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace warren::test {
namespace {

// Where Debian's package has them.
const std::string programs = "/usr/lib/postgresql/15/bin/";

/// PostgreSQL refuses to run as root.
std::vector<std::string> as_its_user(std::vector<std::string> command) {
    std::vector<std::string> whole;
    if (geteuid() == 0) {
        whole = {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
                 "--pdeathsig=KILL"};
    }
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
}

void run(std::vector<std::string> command) {
    ChildProcess process{as_its_user(command)};
    while (!process.read_line().empty()) {
    }
    if (process.wait() != 0) {
        throw std::runtime_error{"failed: " + command.front()};
    }
}

}  // namespace

PostgreSql::PostgreSql() {
    if (geteuid() == 0) {
        const passwd* const user = getpwnam("postgres");
        if (user == nullptr || chown(directory_.path().c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error{"there is no user postgres"};
        }
    }
    run({programs + "initdb", "--pgdata=" + directory_.file("data"), "--auth=trust",
         "--username=warren", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"});
    start();
}

PostgreSql::~PostgreSql() {
    kill();
}

PostgreSql& PostgreSql::shared() {
    static PostgreSql server;
    return server;
}

void PostgreSql::start() {
    const std::string command = fmt::format(
        "exec {}postgres -D {} -k {} -c listen_addresses= -c log_min_messages=log "
        "-c log_checkpoints=off -c max_connections=60 2>&1",
        programs, directory_.file("data"), directory_.path().string());
    server_ = std::make_unique<ChildProcess>(as_its_user({"sh", "-c", command}));
    std::promise<bool> ready;
    reader_ = std::thread{[&ready, server = server_.get()] {
        std::string said;
        bool is_told = false;
        for (std::string line = server->read_line(); !line.empty(); line = server->read_line()) {
            if (!is_told && line.find("ready to accept connections") != std::string::npos) {
                is_told = true;
                ready.set_value(true);
            }
        }
        if (!is_told) {
            ready.set_value(false);
        }
    }};
    if (!ready.get_future().get()) {
        throw std::runtime_error{"PostgreSQL did not start"};
    }
}

void PostgreSql::kill() {
    if (server_ == nullptr) {
        return;
    }
    // Its other processes end when they see that it has gone.
    server_->send_signal(SIGCONT);
    server_->send_signal(SIGKILL);
    server_->wait();
    reader_.join();
    server_.reset();
}

void PostgreSql::pause() {
    server_->send_signal(SIGSTOP);
}

void PostgreSql::resume() {
    server_->send_signal(SIGCONT);
}

std::string PostgreSql::make_database(const std::string& way) {
    const std::string name = fmt::format("warren_{}", ++databases_);
    run({programs + "createdb", "--host=" + directory_.path().string(), "--username=warren", name});
    return fmt::format("postgresql:///{}?{}&user=warren", name,
                       way.empty() ? "host=" + directory_.path().string() : way);
}

}  // namespace warren::test
