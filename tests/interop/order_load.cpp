// For tests that break what is between callers and servers: a dozen callers of one client that
// stays. Each line of its input is a number of orders; "answered" or "stuck" follows once so many
// more are answered, or when that takes a minute. Its input's end is theirs; the last line is JSON.
#include "faults/load.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <string>

namespace {

constexpr std::size_t callers = 12;

void say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

}  // namespace

int main(int, char** values) {
    warren::faults::Load load{values[1], callers, warren::faults::Keys::one_each};
    for (std::string line; std::getline(std::cin, line);) {
        say(load.await_more(std::stoul(line)) ? "answered" : "stuck");
    }
    const warren::faults::Load::Counts counts = load.finish();
    std::string failures;
    for (const auto& [code, count] : counts.failures) {
        failures +=
            fmt::format(R"({}"{}": {})", failures.empty() ? "" : ", ", name_of(code), count);
    }
    say(fmt::format(
        R"({{"calls": {}, "answered": {}, "hung": {}, "late": {}, "tries": {}, "failures": {{{}}}}})",
        counts.calls, counts.answered, counts.hung, counts.late, counts.tries, failures));
}
