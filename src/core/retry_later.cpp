#include <warren/retry_later.hpp>

#include "core/duration.hpp"

#include <utility>

namespace warren {

Failure retry_later(std::chrono::milliseconds after, std::string reason) {
    constexpr std::chrono::milliseconds after_min = std::chrono::seconds{1};
    constexpr std::chrono::milliseconds after_max = std::chrono::hours{24};
    if (after < after_min || after > after_max) {
        return {.code = Code::internal,
                .message = "A handler asks to be called again after " + core::to_string(after) +
                           "; it may ask for one second to one day"};
    }
    return {
        .code = Code::overloaded,
        .message = reason.empty() ? "This cannot be done now; try again later" : std::move(reason),
        .retry_after = after,
        .asks_retry = true};
}

}  // namespace warren
