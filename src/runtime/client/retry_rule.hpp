#pragma once

#include <warren/error.hpp>

#include "runtime/backoff.hpp"

#include <cstdint>

// Which attempts at a call are followed by another one.
namespace warren::runtime {

struct RetryOptions {
    std::uint32_t retries_max = 3;  // of one call, after it was sent
    BackoffOptions backoff{};
    bool overloaded = false;  // send what a server refused as overloaded again, of any call
};

/// Whether a call that was sent is sent again after this, as far as the failure decides. Budget and
/// time-out have their say, too (`ClientCalls::sends_again`).
inline bool is_worth_retry(Code code, bool is_idempotent, const RetryOptions& options) noexcept {
    return (code == Code::connection_lost && is_idempotent) ||
           (code == Code::overloaded && (is_idempotent || options.overloaded));
}

}  // namespace warren::runtime
