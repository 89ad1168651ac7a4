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

/// Whether a call that was sent is sent again after this, as far as the failure decides. Budget,
/// time-out and what came already have their say, too (`ClientCalls::sends_again`).
///
/// An idempotent call is, after whatever may go otherwise the next time: also `cancelled`, which a
/// server says that stops, and `internal`, which the end of a worker may be behind. Whose time is
/// over, wherever that was seen, would have less of it the next time.
inline bool is_worth_retry(Code code, bool is_idempotent, const RetryOptions& options) noexcept {
    if (code == Code::deadline_exceeded || code == Code::expired_in_queue) {
        return false;
    }
    return is_idempotent ? retry_of(code) != Retry::useless
                         : code == Code::overloaded && options.overloaded;
}

}  // namespace warren::runtime
