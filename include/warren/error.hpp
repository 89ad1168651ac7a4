#pragma once

#include <warren/dynamic.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace warren {

/// The catalogue of failures, the same on every transport. A code says what the caller does next.
enum class Code : std::uint8_t {
    invalid_request,    // the request breaks the contract: see `Failure::errors`
    no_such_method,     // a server answered that it does not serve this method
    no_responder,       // nobody consumes where this request was sent
    expired_in_queue,   // the deadline passed before a handler started; nothing was done
    deadline_exceeded,  // the deadline passed; a handler may have run
    connection_lost,    // the connection broke; a request that was sent may have been handled
    broker_blocked,     // the broker refuses to take messages (memory or disk alarm)
    overloaded,         // a limit was reached; nothing was done: see `Failure::retry_after`
    unauthenticated,    // the credentials or permissions were refused
    permission_denied,  // a server knows who calls, and does not allow it
    contract_mismatch,  // the two sides were built from different contracts
    conflict,           // the same idempotency key came with another request, or a name is taken
    cancelled,          // the caller cancelled
    outcome_unknown,    // it was begun, at most once, and how it ended nobody knows: see the guide
    failed,             // the handler said so: its message and data travel
    reply_over_limit,   // the reply is over a limit of this client's; the call was handled
    internal,           // a defect of a server or handler; details stay in its log
};

/// What is known about doing the same call again.
enum class Retry : std::uint8_t {
    safe,           // the request took no effect
    if_idempotent,  // it may have taken effect
    useless,        // the same call fails the same way
};

/// The catalogue's name of a code, such as "no_responder".
std::string_view name_of(Code code) noexcept;
/// out  nullopt for a name that is not in the catalogue
std::optional<Code> code_named(std::string_view name) noexcept;
/// What a code says about doing the same call again.
Retry retry_of(Code code) noexcept;

/// One step of the way to a value inside a request: a member's name or a list's index.
using PathStep = std::variant<std::string, std::size_t>;

/// One thing that is wrong with a request, as a person and a program can read it.
struct FieldError {
    std::vector<PathStep> location{};  // empty: the request as a whole
    std::string message{};
    std::string type{};  // one word, such as "missing", "int_parsing" or "greater_than"

    friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// The location as text, such as "address.lines[0]"; empty for the request as a whole.
std::string to_string(const std::vector<PathStep>& location);

/// Why a call did not succeed.
struct Failure {
    Code code = Code::internal;
    std::string message{};             // our words, safe to show
    std::vector<FieldError> errors{};  // of `invalid_request`
    Dynamic data{};                    // of `failed`: what the handler sent along
    std::string peer_text{};  // the other side's own words, capped; never in a metric label
    std::optional<std::chrono::milliseconds> retry_after{};  // of `overloaded`
    /// It is that of a call that a handler made for its own (`Context::call`): what it is to the
    /// handler's caller, docs/guide/asynchronous-handlers.md says.
    bool of_nested_call = false;
    /// The call was done before, under the same idempotency key, and failed then.
    bool is_replayed = false;
    /// A handler asks for the same call again, after `retry_after` [<warren/retry_later.hpp>].
    bool asks_retry = false;

    friend bool operator==(const Failure&, const Failure&) = default;
};

/// A failure as one line of text: the code, the message and every field's error.
std::string to_string(const Failure& failure);

/// What a call throws at the caller's side, and what a handler throws to fail.
class Error : public std::exception {
public:
    explicit Error(Failure failure);
    Error(Code code, std::string message, Dynamic data = {});
    /// A failure of the handler's own.
    explicit Error(std::string message, Dynamic data = {})
        : Error{Code::failed, std::move(message), std::move(data)} {}

    /// What kind of failure it is.
    Code code() const noexcept { return failure_.code; }
    /// Its message, without the code.
    const std::string& message() const noexcept { return failure_.message; }
    /// All that is known of it.
    const Failure& failure() const noexcept { return failure_; }
    /// The failure as one line of text, as `to_string` has it.
    const char* what() const noexcept override { return text_.c_str(); }

private:
    Failure failure_;
    std::string text_;
};

}  // namespace warren
