#include "protocol/delay_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace warren::protocol {
namespace {

/// Up to a delay, steps are multiples of this.
struct Steps {
    std::chrono::seconds up_to;
    std::chrono::seconds step;
};
constexpr Steps delay_steps[] = {{std::chrono::seconds{10}, std::chrono::seconds{1}},
                                 {std::chrono::minutes{1}, std::chrono::seconds{5}},
                                 {std::chrono::minutes{10}, std::chrono::seconds{30}},
                                 {std::chrono::hours{1}, std::chrono::minutes{5}},
                                 {std::chrono::hours{6}, std::chrono::minutes{30}},
                                 {delay_max, std::chrono::hours{1}}};

/// Messages that wait are lost with their queue.
constexpr std::chrono::minutes unused_for{10};

}  // namespace

std::chrono::seconds delay_step(std::chrono::milliseconds delay) noexcept {
    const auto whole = std::clamp<std::chrono::seconds>(
        std::chrono::ceil<std::chrono::seconds>(delay), delay_min, delay_max);
    const Steps& fit = *std::ranges::find_if(
        delay_steps, [whole](const Steps& each) { return whole <= each.up_to; });
    return (whole + fit.step - std::chrono::seconds{1}) / fit.step * fit.step;
}

Queue delay_queue(const Queue& served, std::chrono::seconds step) {
    const std::chrono::milliseconds wait{step};
    std::vector<Member> arguments{
        {Value::text("x-message-ttl"), Value::integer(wait.count())},
        {Value::text("x-expires"),
         Value::integer(std::chrono::milliseconds{2 * wait + unused_for}.count())},
        {Value::text("x-dead-letter-exchange"), Value::text("")},
        {Value::text("x-dead-letter-routing-key"), Value::text(served.name)}};
    if (is_quorum(served)) {
        // What comes back is confirmed before it is let go.
        arguments.push_back({Value::text("x-queue-type"), Value::text("quorum")});
        arguments.push_back({Value::text("x-dead-letter-strategy"), Value::text("at-least-once")});
        arguments.push_back({Value::text("x-overflow"), Value::text("reject-publish")});
    }
    return {.name = fmt::format("{}.retry-{}s", served.name, step.count()),
            .durable = true,
            .arguments = Dynamic{Value::map(arguments)}};
}

}  // namespace warren::protocol
