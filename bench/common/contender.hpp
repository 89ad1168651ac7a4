#pragma once

#include "measure.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace warren::bench {

// What is echoed, and what both sides hold it against.
inline constexpr std::string_view echoed = "0123456789abcdef";
inline constexpr std::size_t value_length_min = 1;
inline constexpr std::size_t value_length_max = 1024;

/// Words at the end of the command line, each of which changes something.
class Modes {
public:
    explicit Modes(std::span<char* const> words) : words_{words} {}

    bool has(std::string_view wanted) const {
        for (const char* word : words_) {
            if (word == wanted) {
                return true;
            }
        }
        return false;
    }
    /// The rest of "name=rest"; empty without one.
    std::string_view value(std::string_view name) const {
        for (const std::string_view word : words_) {
            if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
                return word.substr(name.size() + 1);
            }
        }
        return {};
    }

private:
    std::span<char* const> words_;
};

/// What one client is to do: so many connections to a server of this machine, and on each so many
/// calls at any time.
struct Load {
    std::uint16_t port;
    std::size_t connections;
    std::size_t in_flight;
    double seconds;
    pid_t server;

    std::size_t callers() const { return connections * in_flight; }
    Measurement measurement() const {
        return Measurement{0.5, seconds, callers() == 1 ? 1U : 17U, server};
    }
};

[[noreturn]] inline void give_up(std::string_view why) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
    std::exit(1);
}

inline void require(bool condition, std::string_view what) {
    if (!condition) {
        give_up(what);
    }
}

/// As a user of a framework without constraints checks the value by hand.
inline bool is_valid(std::string_view value) {
    return value.size() >= value_length_min && value.size() <= value_length_max;
}

/// Tell the runner that calls may come.
inline void announce(unsigned port) {
    std::printf("ready %u\n", port);
    std::fflush(stdout);
}

/// The command line of every contender:
///
///     server [MODE...]      client PORT CONNECTIONS IN_FLIGHT SECONDS SERVER_PID [MODE...]
///
/// in   serve(modes): announces its port and serves until the process is terminated.
///      call(load, modes): prints its measurement
template <typename Serve, typename Call>
int run_contender(std::span<char* const> arguments, const Serve& serve, const Call& call) {
    const std::string_view role = arguments.size() > 1 ? arguments[1] : "";
    if (role == "server") {
        serve(Modes{arguments.subspan(2)});
        return 0;
    }
    if (role == "client" && arguments.size() >= 7) {
        call(Load{.port = static_cast<std::uint16_t>(std::atoi(arguments[2])),
                  .connections = std::strtoul(arguments[3], nullptr, 10),
                  .in_flight = std::strtoul(arguments[4], nullptr, 10),
                  .seconds = std::atof(arguments[5]),
                  .server = std::atoi(arguments[6])},
             Modes{arguments.subspan(7)});
        return 0;
    }
    std::fprintf(stderr,
                 "%s server [MODE...] | client PORT CONNECTIONS IN_FLIGHT SECONDS SERVER_PID "
                 "[MODE...]\n",
                 arguments[0]);
    return 2;
}

}  // namespace warren::bench
