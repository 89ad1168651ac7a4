// A method whose effects can be counted afterwards, whatever became of the server that had them.

#include <warren/module.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>

namespace {

/// Long enough that an outage finds requests at work.
constexpr std::chrono::milliseconds work{2};

/// One line in one write, so that lines of several processes stay apart and outlive them.
void write_line(const std::string& line) {
    static const int file =
        open(std::getenv("WARREN_TEST_LEDGER"), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        throw warren::Error{"The ledger takes no entries"};
    }
}

std::string record(const std::string& id, warren::Context& context) {
    write_line(id + ' ' + std::to_string(getpid()) + ' ' + std::to_string(context.attempt) + '\n');
    std::mutex mutex;
    std::unique_lock lock{mutex};
    std::condition_variable_any never;
    never.wait_for(lock, context.stop, work, [] { return false; });
    return "recorded " + id;
}

}  // namespace

WARREN_MODULE(module) {
    module.method("record", record, {"id"}).describe("Write a line into the ledger.");
}
