#include <warren/module.hpp>
#include <warren/responder.hpp>
#include <warren/retry_later.hpp>
#include <warren/task.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;

/// Thirteen ends the process, as a defect would.
std::int64_t digest(std::int64_t number) {
    if (number == 13) {
        std::raise(SIGKILL);
    }
    return number;
}

/// What its third attempt knows of it.
std::string persist(const std::string& name, const warren::Context& context) {
    if (context.attempt < 3) {
        throw warren::RetryLater{1s, "not yet"};
    }
    return name + " " + std::to_string(context.attempt) + " " +
           std::string{context.idempotency_key} + " " +
           std::to_string(context.priority.value_or(0)) + " " + std::string{context.caller};
}

warren::task<std::uint32_t> persist_in_coroutine(const warren::Context& context) {
    if (context.attempt == 1) {
        throw warren::RetryLater{1s};
    }
    co_return context.attempt;
}

void persist_with_responder(const warren::Context& context,
                            warren::Responder<std::uint32_t> responder) {
    if (context.attempt == 1) {
        responder.fail(warren::retry_later(1s));
    } else {
        responder.respond(context.attempt);
    }
}

std::uint32_t give_up(std::int64_t after_s) {
    throw warren::RetryLater{std::chrono::seconds{after_s}, "closed"};
}

}  // namespace

/// What goes wrong with requests: they end the process, or are to be tried again later.
WARREN_MODULE(poison) {
    poison.method("digest", digest, {"number"});
    poison.method("persist", persist, {"name"});
    poison.method("persist_in_coroutine", persist_in_coroutine);
    poison.method("persist_with_responder", persist_with_responder);
    poison.method("give_up", give_up, {"after_s"});
}
