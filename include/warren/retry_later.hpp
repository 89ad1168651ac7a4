#pragma once

#include <warren/error.hpp>

#include <chrono>
#include <string>

namespace warren {

/// What a handler fails with to be called again later, for a `Responder` or a `std::unexpected`:
///
///     responder.fail(retry_later(30s, "The bank is closed"));
///
/// At RabbitMQ the request then waits at the broker, holds nothing here, and comes again with one
/// attempt more; its caller, if it still waits, gets the reply of the attempt that gives one.
/// Without a broker a call under an idempotency key waits the same way where the server has a
/// store. Everywhere else, and when the caller's deadline is before that, the caller is answered
/// `overloaded`, with the time as `Failure::retry_after`.
/// in   after: from one second to one day; the reason travels to the caller only in that case
/// err  another time: what it gives is `internal`, and the log says so
Failure retry_later(std::chrono::milliseconds after, std::string reason = {});

/// The same to throw, from handlers and coroutines:
///
///     throw RetryLater{30s, "The bank is closed"};
class RetryLater : public Error {
public:
    explicit RetryLater(std::chrono::milliseconds after, std::string reason = {})
        : Error{retry_later(after, std::move(reason))} {}
};

}  // namespace warren
