// Small methods to try calls, failures, time-outs and drains with.

#include <warren/module.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <variant>

namespace {

using Number = std::variant<std::int64_t, double>;

warren::Dynamic echo(const warren::Dynamic& value) {
    return value;
}

Number add(const Number& a, const Number& b) {
    if (const auto *left = std::get_if<std::int64_t>(&a), *right = std::get_if<std::int64_t>(&b);
        left != nullptr && right != nullptr) {
        std::int64_t sum = 0;
        if (__builtin_add_overflow(*left, *right, &sum)) {
            throw warren::Error{"The sum does not fit 64 bits"};
        }
        return sum;
    }
    const auto floating = [](auto number) { return static_cast<double>(number); };
    return std::visit(floating, a) + std::visit(floating, b);
}

void fail(const std::string& message) {
    throw warren::Error{message};
}

struct SleepRequest {
    double seconds;
};
WARREN_MODEL(SleepRequest,
             (seconds, describe("How long to sleep."), at_least(0), at_most(3600), example(0.5)))

struct Slept {
    double seconds = 0;
};
WARREN_MODEL(Slept, (seconds, describe("How long it really was.")))

/// Sleeps until the time is over, the caller has given up or the server ends.
warren::Reply<Slept> sleep_seconds(const SleepRequest& request, warren::Context& context) {
    using Seconds = std::chrono::duration<double>;
    const auto start = std::chrono::steady_clock::now();
    const auto wanted =
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(Seconds{request.seconds});

    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock{mutex};
    never.wait_for(lock, context.stop, wanted, [] { return false; });

    const auto elapsed = std::chrono::steady_clock::now() - start;
    const Slept slept{Seconds{elapsed}.count()};
    if (elapsed < wanted) {
        return warren::Reply<Slept>::failure("Woken up before the time was over", slept);
    }
    return slept;
}

struct SimpleCommandRequest {
    std::string param1;
    std::string param2;
};
WARREN_MODEL(SimpleCommandRequest, (param1, defaulted(), example("value1")),
             (param2, defaulted(), example("value2")))

std::string simple_command(const SimpleCommandRequest& request) {
    return "SimpleCommand got '" + request.param1 + "' and '" + request.param2 + "'";
}

}  // namespace

WARREN_MODULE(module) {
    module.method("echo", echo, {"value"}).describe("Any value comes back as it is.").idempotent();
    module.method("add", add, {"a", "b"})
        .describe("The sum of two integers or floats.")
        .run_on_io_thread()
        .idempotent();
    module.method("fail", fail, {"message"}).describe("Fail with this message.");
    module.method("sleep", sleep_seconds)
        .describe("Sleep for some seconds, and say how long it was.");
    module.method("SimpleCommand", simple_command)
        .describe("Answer with a text of both parameters.")
        .idempotent();
}
