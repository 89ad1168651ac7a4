#include <warren/client.hpp>
#include <warren/log.hpp>
#include <warren/server.hpp>

#include <charconv>
#include <cstdio>
#include <cstring>

// A program that embeds a server. Arguments: how long it drains (ms), then "busy" for one whose
// handler waits for a line of standard input. It says on standard output where it is.

namespace {

void say(const char* line) {
    std::puts(line);
    std::fflush(stdout);
}

int serve(int drain_ms, bool is_busy) {
    warren::Server server{{.drain_timeout = std::chrono::milliseconds{drain_ms},
                           .log = warren::stderr_log(warren::LogLevel::warning)}};
    server.method("wait", [] {
        say("busy");
        static_cast<void>(std::getchar());
    });
    server.listen("memory:embedded");
    warren::Client client{"memory:embedded"};
    server.on_ready([&client, is_busy] {
        say("ready");
        if (is_busy) {
            client.start_call("wait", warren::Dynamic::list({}), [](const auto&) {});
        }
    });
    const int code = warren::run_until_signal(server);
    say(code == 0 ? "drained" : "not drained");
    return code;
}

}  // namespace

int main(int argument_count, char** arguments) {
    int drain_ms = 0;
    std::from_chars(arguments[1], arguments[1] + std::strlen(arguments[1]), drain_ms);
    return serve(drain_ms, argument_count > 2);
}
