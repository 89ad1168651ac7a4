// A server whose handlers do what a test tells them, and tell it what they do.
//
//     machine_keeper STORE LEASE_MS
//
// says "ready ADDRESS"; of each handler "begun METHOD NAME TOKEN"; and for the handler that runs it
// takes "end", "commit" and "await_stop", after which it says "ended", "committed", "refused CODE"
// or "stopped".
#include <warren/log.hpp>
#include <warren/server.hpp>
#include <warren/transaction.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

struct Machine {
    std::string name;
};
WARREN_MODEL(Machine, (name))

namespace {

/// What was said on the standard input.
class Orders {
public:
    void put(std::string order) {
        const std::lock_guard lock{mutex_};
        orders_.push_back(std::move(order));
        changed_.notify_all();
    }
    std::string take() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return !orders_.empty(); });
        std::string first = std::move(orders_.front());
        orders_.pop_front();
        return first;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> orders_;
};

void say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

void await_stop(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock{mutex};
    stopped.wait(lock, stop, [] { return false; });
}

void obey(Orders& orders, const Machine& machine, warren::Context& context) {
    say("begun " + std::string{context.method} + ' ' + machine.name + ' ' +
        std::to_string(context.fencing_token));
    const std::string order = orders.take();
    if (order == "await_stop") {
        await_stop(context.stop);
        return say("stopped");
    }
    if (order == "commit") {
        try {
            context.commit([&](warren::Transaction& transaction) {
                transaction.execute(
                    "CREATE TABLE IF NOT EXISTS machines (name TEXT, token BIGINT)");
                transaction.execute(
                    "INSERT INTO machines VALUES ($1, $2)",
                    {machine.name, static_cast<std::int64_t>(context.fencing_token)});
            });
        } catch (const warren::Error& error) {
            say("refused " + std::string{warren::name_of(error.code())});
            throw;
        }
        return say("committed");
    }
    say("ended");
}

}  // namespace

int main(int, char** arguments) {
    const std::string store = arguments[1];
    const bool is_postgresql = store.starts_with("postgresql:") || store.find('=') != store.npos;
    Orders orders;
    warren::Server server{
        {.log = warren::stderr_log(),
         .store = {.sqlite = is_postgresql ? "" : store,
                   .postgresql = is_postgresql ? store : "",
                   .lock_lease = std::chrono::milliseconds{std::stoi(arguments[2])}}}};
    for (const char* const method : {"create", "upgrade", "delete"}) {
        server
            .method(method, [&orders](const Machine& machine,
                                      warren::Context& context) { obey(orders, machine, context); })
            .lock_on(&Machine::name, "machine");
    }
    server.listen("tcp://127.0.0.1:0");
    server.on_ready([&server] { say("ready " + server.addresses().front()); });
    std::thread{[&orders] {
        for (std::string line; std::getline(std::cin, line);) {
            orders.put(line);
        }
    }}.detach();
    return warren::run_until_signal(server);
}
