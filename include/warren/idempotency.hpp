#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace warren {

/// How often a call runs that comes several times under one idempotency key, on a server with a
/// store.
enum class Idempotency : std::uint8_t {
    none,           // as often as it comes
    at_least_once,  // until it is done; then its reply is given again
    at_most_once,   // never again once it has begun: `outcome_unknown` when its end is not known
};

/// Where a server keeps what calls under one idempotency key need to know of each other, and shares
/// locks that have a name with all servers of the same store. One of the two addresses is given;
/// neither: there is no store.
struct StoreOptions {
    std::string sqlite{};  // a file of this machine, made where it is missing
    std::string
        postgresql{};  // as libpq has it, such as "postgresql:///warren?host=/run/postgresql"
    /// How long a call is remembered from its end on, and how much is kept of them all: what is
    /// over goes, the oldest first. Calls that run are not forgotten.
    std::chrono::milliseconds keep{std::chrono::hours{24}};
    std::uint64_t bytes_max = std::uint64_t{1} << 30;
    /// The same of calls that were given up (dead letters), which wait for people: of all that the
    /// store has. What is over is deleted for good, the oldest first, and the log says so.
    std::chrono::milliseconds dead_keep{std::chrono::hours{24 * 30}};
    std::uint64_t dead_bytes_max = std::uint64_t{1} << 30;
    /// How long a lock stays with a server that does not say that it lives: from 1 s to 1 h.
    std::chrono::milliseconds lock_lease{std::chrono::seconds{30}};
    /// So many attempts at a call may end with their process. Once more it is answered `failed`,
    /// with a message that begins "poisoned:", and kept for people with its reason; one that ended
    /// its process before runs alone. 0: it always runs. `at_most_once` calls have their own rule.
    /// A listener's own `attempts_max` goes before it.
    std::uint32_t attempts_max = 5;
    /// Where that was said, such as "warren.yml:4: store". A failure begins with it.
    std::string origin{};

    /// Whether there is one at all.
    bool is_said() const noexcept { return !sqlite.empty() || !postgresql.empty(); }
};

}  // namespace warren
