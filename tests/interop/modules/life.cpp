#include <warren/module.hpp>

#include <poll.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace {

struct Pool {
    int size = 4;
};
WARREN_MODEL(Pool, (size, at_least(1)))

struct Settings {
    std::string greeting;
    std::string refuses{};  // to start, with these words
    warren::Secret<std::string> password{};
    std::vector<std::string> names{};
    Pool pool{};
};
WARREN_MODEL(Settings, (greeting), (refuses, defaulted()), (password, defaulted()),
             (names, defaulted()), (pool, defaulted()))

void say(const std::string& line) {
    std::fprintf(stderr, "life: %s\n", line.c_str());
}

std::optional<std::string> opened;  // what only a start makes

}  // namespace

/// Tells on standard error when it starts and stops.
WARREN_MODULE(life) {
    const Settings& settings = life.settings<Settings>("greeter");
    life.on_start([&settings] {
        if (!settings.refuses.empty()) {
            throw warren::Error{settings.refuses};
        }
        opened = settings.greeting + " by " + std::to_string(settings.pool.size);
        say("started with " + std::to_string(settings.password.reveal().size()) +
            " secret characters and " + std::to_string(settings.names.size()) + " names");
    });
    life.on_stop([] {
        say("stopped with " + opened.value_or("nothing"));
        opened.reset();
    });
    life.method("greet", [](const std::string& name) { return *opened + ": " + name; }, {"name"});
    life.method("linger",
                [](int milliseconds) {
                    poll(nullptr, 0, milliseconds);
                    return *opened;
                },
                {"milliseconds"});
    life.method("block",
                [](int milliseconds) {
                    poll(nullptr, 0, milliseconds);
                    return milliseconds;
                },
                {"milliseconds"})
        .run_on_io_thread();
}
