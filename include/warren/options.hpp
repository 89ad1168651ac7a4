#pragma once

#include <warren/context.hpp>
#include <warren/dynamic.hpp>
#include <warren/error.hpp>
#include <warren/progress.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace warren {

/// Where the replies to a client's calls arrive. A client's address may choose it as `reply=`.
enum class ReplyMode : std::uint8_t {
    exclusive,  // a queue of this connection's own
    direct,     // RabbitMQ's direct reply-to: no queue at all
    durable,    // a queue that outlives a lost connection for a while, and the replies with it
};

/// What becomes of a call while the broker takes no messages (a memory or disk alarm).
enum class WhenBlocked : std::uint8_t {
    wait,  // it is sent when the broker recovers, and fails at its deadline otherwise
    fail,  // it fails at once
};

/// What becomes of a call at a broker where nobody consumes its server's queue.
enum class WhenAbsent : std::uint8_t {
    fail,  // `no_responder` at once
    wait,  // it is sent, and waits in the queue until a server comes, or its deadline
};

/// Whether a client's calls are counted and timed by method, for `Client::metrics_text`.
enum class ClientMetrics : std::uint8_t {
    none,
    warren,
    warren_and_arrpc,  // also with the names and labels of arrpc's own clients
};

/// What became of one attempt at a call.
struct CallAttempt {
    std::uint32_t number = 1;       // of those at this call
    std::optional<Code> failure{};  // nullopt: it succeeded
    bool is_last = true;            // false: the call is sent again
    bool is_replayed = false;       // it was done before, under its key: this is what it gave then
};

/// The settings of one call.
struct CallOptions {
    std::optional<std::chrono::milliseconds> timeout{};  // nullopt: the client's
    std::string server{};    // at a broker: its queue, or its id; empty: the address's
    std::stop_token stop{};  // cancels the call: `cancelled`
    std::optional<WhenBlocked> when_blocked{};  // nullopt: the client's
    std::size_t at_once_max = 256;  // of a batch: its calls that are under way at the same time
    /// Doing it twice is as good as once: it is sent again, under the same idempotency key, when an
    /// attempt ends in a failure that may pass (`retry_of` is not `useless`), such as a lost
    /// connection. Not past its deadline, not once parts of it have come, and at most
    /// `ClientOptions::retries_max` times. One-way calls are not sent again once they are on their
    /// way.
    bool idempotent = false;
    /// Arguments by name, beside a list of those by position: callme alone has both.
    Dynamic named{};

    // What comes before the response, of protocols that have it: see
    // docs/guide/parts-and-progress.md.

    /// Called on the client's I/O thread, each time the handler says how far it is. It must not
    /// block.
    std::function<void(const Progress&)> on_progress{};
    /// Have the server say so often, at least 100 ms apart, that the call is under way. After three
    /// times of silence it is `connection_lost`; until a server has begun it may be silent. Unset:
    /// the call fails at its deadline.
    std::optional<std::chrono::milliseconds> heartbeat{};
    /// Called on the client's I/O thread when an attempt at the call is over, before the call
    /// completes. It must not block.
    std::function<void(const CallAttempt&)> on_attempt{};
    /// Of a call with parts: bytes of them, as messages, that may be under way. One part always
    /// may.
    std::uint32_t parts_window = 1 << 20;

    // What the handler finds in its `Context`. A call is refused whose protocol does not carry what
    // it says here, or that says it in another form: see docs/guide/metadata.md.
    std::string idempotency_key{};           // which request this is; at most 255 bytes
    std::string traceparent{};               // W3C Trace Context
    std::string tracestate{};                // beside a traceparent; at most 512 bytes
    std::string baggage{};                   // W3C Baggage; at most 8,192 bytes
    std::string contract{};                  // its fingerprint; at most 255 bytes
    std::optional<std::uint8_t> priority{};  // at a broker: of queues with `x-max-priority`

    /// What a call has for which nothing is said: made once, as there is much to it.
    static const CallOptions& none() noexcept;
};

/// The settings of a client. What its address also names, the address decides.
struct ClientOptions {
    // Encrypt secrets with the first of these; empty: send them as they are.
    std::vector<std::string> fernet_keys{};
    /// Whether members with a secret's name are encrypted also inside of other values, and not only
    /// directly in the request. Unset: yes, but to cyberfusion no, as its own consumers open those
    /// alone. A `Secret<T>` is encrypted wherever it is.
    std::optional<bool> nested_secrets{};
    std::chrono::milliseconds timeout{60'000};  // of a call that names none
    std::size_t in_flight_max = 65'536;  // calls without a response yet; one more is `overloaded`
    /// Of a request, and of a reply, which is `reply_over_limit` otherwise: bytes, lists and maps
    /// in one another, and values.
    std::size_t body_bytes_max = std::size_t{16} << 20;
    std::size_t nesting_depth_max = 128;
    std::size_t value_count_max = std::size_t{1} << 20;
    ReplyMode reply_mode = ReplyMode::exclusive;
    std::string reply_queue{};  // of ReplyMode::durable; empty: one generated for this client
    WhenBlocked when_blocked = WhenBlocked::wait;
    /// At a broker: whether requests outlive its restart. Unset: one-way calls do, whose callers
    /// hear nothing more, and others do not, whose callers time out.
    std::optional<bool> persistent{};
    WhenAbsent when_absent = WhenAbsent::fail;  // of ReplyMode::durable always `wait`
    ClientMetrics metrics = ClientMetrics::none;
    /// Whether calls by a contract say its fingerprint to servers that are Warren's, so that these
    /// notice who was built from another one. Unset: at brokers and in memory, as over TCP and
    /// ZeroMQ it is a part of what a small call takes.
    std::optional<bool> tells_contract{};
    std::shared_ptr<Log> log{};  // connections lost and found; null: nowhere

    /// How often an idempotent call is sent again at most, over every transport. All that a client
    /// sends again stays under a tenth of its calls, and ten.
    std::uint32_t retries_max = 3;

    /// Of tcp:// and its like: requests are signed under the first, answers must be signed under
    /// any; empty: nothing is signed.
    std::vector<std::string> auth_secrets{};
    /// How often connecting may fail in a row until the calls that wait for it fail; without a
    /// broker also how long the first pause is. Unset: 5 times, at a broker and over ZeroMQ without
    /// an end, so that calls wait until their deadline; 0 ms: the protocol's default.
    std::optional<std::size_t> connect_attempts{};
    std::chrono::milliseconds connect_pause{0};
    /// Of arrpc: as many connections at most, since each carries one call at a time.
    std::size_t connections_max = 8;
    /// Poll so long before the I/O thread sleeps, where that pays; 0: never. Costs processor time,
    /// saves the time that waking takes: docs/guide/speed.md.
    std::chrono::microseconds spin_max{0};
};

}  // namespace warren
