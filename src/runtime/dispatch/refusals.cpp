#include "runtime/dispatch/refusals.hpp"

#include "runtime/server_end.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace warren::runtime {
namespace {

constexpr std::chrono::milliseconds overload_retry_after{1000};

}  // namespace

Failure overloaded(std::string message) {
    return {.code = Code::overloaded,
            .message = std::move(message),
            .retry_after = overload_retry_after};
}

Failure stopping() {
    Failure failure = overloaded("This server is stopping");
    say_that_server_ends(failure);
    return failure;
}

Failure poisoned(std::uint32_t attempts, std::uint32_t attempts_max) {
    return {.code = Code::failed,
            .message =
                fmt::format("poisoned: it was begun {} times and never done (attempts_max is {})",
                            attempts, attempts_max)};
}

Failure out_of_memory() {
    return overloaded("This server has no memory left for the request");
}

Failure no_parts() {
    return {.code = Code::contract_mismatch,
            .message = "A response by this protocol has no parts, or nobody waits for it"};
}

Failure unwritable_part(std::string_view why) {
    return {.code = Code::internal,
            .message = "The part of the response cannot be sent: " + std::string{why}};
}

Failure expired() {
    return {.code = Code::expired_in_queue,
            .message = "The deadline passed before the method started"};
}

Failure abandoned() {
    return {.code = Code::cancelled, .message = "Nobody waits for the answer any more"};
}

}  // namespace warren::runtime
