// The method of RabbitMQ's RPC tutorial, with its bounds checked.

#include <warren/module.hpp>

#include <cstdint>
#include <utility>

namespace {

// The greatest that fits: F(93) = 12200160415121876738 is below 2^64, F(94) is not.
constexpr std::int64_t n_max = 93;

struct Request {
    std::int64_t n;
};
WARREN_MODEL(Request,
             (n, describe("Which Fibonacci number."), at_least(0), at_most(n_max), example(30)))

std::uint64_t fibonacci(const Request& request) {
    std::uint64_t current = 0;
    std::uint64_t next = 1;
    for (std::int64_t step = 0; step < request.n; ++step) {
        current = std::exchange(next, current + next);  // wraps after F(93), in `next` only
    }
    return current;
}

}  // namespace

WARREN_MODULE(module) {
    module.method("fibonacci", fibonacci)
        .describe("The n-th Fibonacci number, from F(0) = 0.")
        .run_on_io_thread()
        .idempotent();
}
