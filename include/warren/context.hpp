#pragma once

#include <warren/detail/committer.hpp>
#include <warren/detail/part_writer.hpp>
#include <warren/progress.hpp>
#include <warren/version.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren {

class ClientTarget;
class Dynamic;
struct CallOptions;
struct Failure;
template <typename T>
class LazyCall;
template <typename Result>
class Batch;
template <typename Part, typename Response>
class Parts;

namespace detail {
/// None, or settings of calls that have a name.
template <typename... Options>
concept OneOrNoOptions =
    sizeof...(Options) <= 1 && (std::same_as<std::remove_const_t<Options>, CallOptions> && ...);
}  // namespace detail

/// How much a line of the log matters.
enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Where log lines go. A line must not contain a newline or a secret. Of a server's or client's log
/// a thread of its own calls `write`, which may block: nothing else waits for it, lines over a
/// limit are dropped and counted, and those that say the same again and again are left out.
/// thread any
class Log {
public:
    virtual ~Log() = default;
    /// Take one line.
    virtual void write(LogLevel level, std::string_view line) = 0;
    /// Whether a line (debug) about each call is wanted. Asked once, before the first.
    virtual bool shows_calls() const noexcept { return false; }

    /// Write a line of this level.
    void debug(std::string_view line) { write(LogLevel::debug, line); }
    /// Write a line of this level.
    void info(std::string_view line) { write(LogLevel::info, line); }
    /// Write a line of this level.
    void warning(std::string_view line) { write(LogLevel::warning, line); }
    /// Write a line of this level.
    void error(std::string_view line) { write(LogLevel::error, line); }
};

/// What a handler may know of the call it answers. Valid while the handler runs.
struct Context {
    /// Of a clock that nobody sets.
    using TimePoint = std::chrono::steady_clock::time_point;

    std::string_view method;
    std::string_view correlation_id;   // empty when the caller gave none
    std::string_view caller;           // the identity the transport vouches for; empty if none
    std::string_view idempotency_key;  // the caller's name for this request; empty if none
    std::string_view traceparent;      // the caller's trace [W3C Trace Context]; empty if none
    std::string_view tracestate;       // what its tracers add to it
    std::string_view baggage;          // what the caller hands down [W3C Baggage]
    std::string_view contract;         // the fingerprint of the caller's contract
    std::optional<std::uint8_t> priority{};
    std::uint32_t attempt = 1;            // 2 and more: an earlier attempt may have had an effect
    std::optional<TimePoint> deadline{};  // when the caller cancels
    /// Greater than that of every call that had the same named lock before, on any server with the
    /// same store: what keeps the greatest it has seen can refuse one that lost its lock meanwhile.
    /// 0: its lock, if it has one, is this process's alone.
    std::uint64_t fencing_token = 0;
    /// Set at the deadline, when nobody waits for the answer any more as far as that is known, when
    /// the server ends without draining, and when the call's lock may be another server's.
    std::stop_token stop{};
    Log* log = nullptr;                      // never null inside a handler
    detail::PartWriter* writer = nullptr;    // never null inside a handler
    detail::Committer* committer = nullptr;  // never null inside a handler

    /// Tell the caller how far the call is, if it wants to know: what comes faster than its
    /// connection takes it is left out.
    /// in   fraction: from 0 to 1          thread any, one at a time
    void progress(double fraction, std::string text = {}, Dynamic data = {}) const {
        writer->write(Progress{fraction, std::move(text), std::move(data)});
    }

    /// Change the server's store and answer, both or neither [<warren/transaction.hpp>]: what the
    /// changes give is what the handler returns, and is kept as the reply of this call. Whatever
    /// happens to the process, the changes are made once.
    ///
    ///     return context.commit([&](Transaction& transaction) {
    ///         transaction.execute("INSERT INTO orders VALUES ($1, $2)", {order.id, order.count});
    ///         return OrderPlaced{order.id};
    ///     });
    ///
    /// Waits until both are durable. What the changes throw, or a `std::unexpected` that they give,
    /// undoes them, and leaves as an `Error`. Over SQLite they run one after the other on the
    /// store's thread, and share the disk's time: nothing in them may wait.
    /// in   changes: (Transaction&) -> the handler's response, `Reply` of it, `std::expected` of
    ///      either, or nothing where the method gives none; called once
    /// err  throws Error: internal, there is no store, a second one of one call, or no response of
    ///      this method; deadline_exceeded, the store had no time for it; outcome_unknown, another
    ///      process has begun the call anew, or may have its lock; overloaded, the store cannot be
    ///      written now. Nothing was changed then.
    /// thread of a worker, not of the I/O thread's handlers
    template <typename Changes>
    auto commit(Changes&& changes) const;

    /// Of the time that is left, what the handler's own calls (`call`) leave it for its answer. Its
    /// to change.
    std::chrono::milliseconds call_margin{10};

    /// Call another method for this call [<warren/lazy_call.hpp>]: `co_await` it in a coroutine,
    /// `get()` it where a thread may wait, `start(completion)` it for a `Responder`.
    ///
    ///     const Price price = co_await context.call<price_of>(prices, item);
    ///
    /// What is known of this call goes on with that one, where the options say nothing else and its
    /// protocol carries it: `traceparent` and `tracestate`, `baggage`, `priority`, and the time
    /// that is left less `call_margin`. It ends with this call's deadline, whatever they say; with
    /// none left it is not sent. `stop` cancels it. What becomes of a failure that leaves the
    /// handler: see docs/guide/asynchronous-handlers.md.
    /// in   target: its client lives until the call is over; request, options: not used any more
    ///      when this returns, and objects with a name, as g++ 12 destroys temporary ones twice
    ///      where they stand in a `co_await`
    template <typename C>
    LazyCall<typename C::response_type> call(ClientTarget& target,
                                             const typename C::request_type& request) const;
    template <typename C>
    LazyCall<typename C::response_type> call(ClientTarget& target,
                                             const typename C::request_type& request,
                                             const CallOptions& options) const;
    LazyCall<Dynamic> call(ClientTarget& target, std::string_view name,
                           const Dynamic& arguments) const;
    LazyCall<Dynamic> call(ClientTarget& target, std::string_view name, const Dynamic& arguments,
                           const CallOptions& options) const;
    template <typename C>
        requires std::is_class_v<typename C::request_type>
    void call(ClientTarget& target, const typename C::request_type&& request) const = delete;
    template <typename C>
        requires std::is_class_v<typename C::request_type>
    void call(ClientTarget& target, const typename C::request_type&& request,
              const CallOptions& options) const = delete;
    template <typename C>
    void call(ClientTarget& target, const typename C::request_type& request,
              const CallOptions&& options) const = delete;
    void call(ClientTarget& target, std::string_view name,
              const Dynamic&& arguments) const = delete;
    void call(ClientTarget& target, std::string_view name, const Dynamic&& arguments,
              const CallOptions& options) const = delete;
    void call(ClientTarget& target, std::string_view name, const Dynamic& arguments,
              const CallOptions&& options) const = delete;

    /// The same of a method that sends parts, which begins at once: take them by `Parts::next`
    /// where a thread may wait, or by `async_next` in a coroutine.
    template <typename C>
    Parts<typename C::part_type, typename C::response_type> stream(
        ClientTarget& target, const typename C::request_type& request) const;
    template <typename C>
    Parts<typename C::part_type, typename C::response_type> stream(
        ClientTarget& target, const typename C::request_type& request,
        const CallOptions& options) const;
    template <typename C>
        requires std::is_class_v<typename C::request_type>
    void stream(ClientTarget& target, const typename C::request_type&& request) const = delete;
    template <typename C>
        requires std::is_class_v<typename C::request_type>
    void stream(ClientTarget& target, const typename C::request_type&& request,
                const CallOptions& options) const = delete;
    template <typename C>
    void stream(ClientTarget& target, const typename C::request_type& request,
                const CallOptions&& options) const = delete;

    /// The same for many at once: as the functions of these names in <warren/batch.hpp>.
    template <typename C, typename... Options>
        requires detail::OneOrNoOptions<Options...>
    Batch<std::vector<std::expected<typename C::response_type, Failure>>> call_all(
        ClientTarget& target, std::span<const typename C::request_type> requests,
        Options&... options) const;
    /// As the function of this name there.
    template <typename C, typename... Options>
        requires detail::OneOrNoOptions<Options...>
    Batch<typename C::response_type> call_any(ClientTarget& target,
                                              std::span<const typename C::request_type> requests,
                                              Options&... options) const;
    template <typename C, typename... Options>
    void call_all(ClientTarget& target, const std::vector<typename C::request_type>&& requests,
                  Options&&... options) const = delete;
    template <typename C, typename... Options>
    void call_any(ClientTarget& target, const std::vector<typename C::request_type>&& requests,
                  Options&&... options) const = delete;
};

}  // namespace warren
