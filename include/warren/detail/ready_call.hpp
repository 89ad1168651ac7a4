#pragma once

#include <warren/context.hpp>
#include <warren/detail/call_sink.hpp>
#include <warren/error.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <expected>
#include <optional>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>

// How calls begin that are made ready first.
namespace warren::detail {

/// A call that has not begun yet.
struct ReadyCall {
    ClientImplementation* client = nullptr;
    PreparedCallPointer call{};
    /// When it is over at the latest, which may be before its time-out is.
    std::optional<Context::TimePoint> deadline{};
    std::stop_token stop{};  // cancels it, as the one of its options
};

/// Shorten its time-out to what is left now: a call with nothing left is not sent.
void keep_to_deadline(ReadyCall& ready);

/// Begin a call.
/// in   arguments: of the sink's constructor
template <std::derived_from<CallSink> Sink, typename... Arguments>
void begin(ReadyCall ready, Arguments&&... arguments) {
    keep_to_deadline(ready);
    submit<Sink>(*ready.client, std::move(ready.call), std::move(ready.stop),
                 std::forward<Arguments>(arguments)...);
}

/// When it is over at the latest, if it begins now.
Context::TimePoint end_of(const ReadyCall& ready) noexcept;
/// Whether its client takes one more, as far as is known now.                          thread any
bool has_room(const ClientImplementation& client) noexcept;
/// Have its client take it whether or not it has room.
void await_room(ReadyCall& ready) noexcept;

/// Begin it and wait.
/// err  throws Error, as `ClientTarget::call`
void call_blocking(ReadyCall ready, WaitingSink& sink);
/// err  throws Error (internal) on the client's I/O thread, which would wait for itself
void refuse_on_io_thread(const ClientImplementation& client);

/// Leaves the outcome of a call where whoever waits for it wants it.
/// in   outcome: default-constructed
///      Waiting: has `arrive(index, has_succeeded)`, after which it may be gone
template <typename T, typename Waiting>
class OutcomeSink final : public CallSink {
public:
    OutcomeSink(std::expected<T, Failure>& outcome, Waiting& waiting, std::size_t index)
        : outcome_{outcome}, waiting_{waiting}, index_{index} {}

    void* response() override {
        if constexpr (std::is_void_v<T>) {
            return nullptr;
        } else {
            return &*outcome_;
        }
    }
    void finished(std::string_view, bool, Failure* failure) override {
        if (failure != nullptr) {
            outcome_ = std::unexpected{std::move(*failure)};
        }
        waiting_.arrive(index_, failure == nullptr);
    }

private:
    std::expected<T, Failure>& outcome_;
    Waiting& waiting_;
    const std::size_t index_;
};

/// err  throws Error: the outcome's failure
template <typename T>
T take_or_throw(std::expected<T, Failure> outcome) {
    if (!outcome) {
        throw Error{std::move(outcome.error())};
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*outcome);
    }
}

}  // namespace warren::detail
