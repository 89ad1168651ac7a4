#pragma once

#include <warren/detail/invocation.hpp>
#include <warren/error.hpp>
#include <warren/reply.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace warren {

/// Answers one call later, from any thread: the last parameter, by value, of a handler that returns
/// before it has the response, and so holds no thread while it waits for it.
///
///     server.method("look_up", [&](const Query& query, Responder<Found> responder) {
///         database.start(query.key, [responder = std::move(responder)](Found found) mutable {
///             responder.respond(std::move(found));
///         });
///     });
///
/// The request, and the `Context` where the handler takes one, are valid until the response is
/// given, and the call keeps its lock and its place among those in flight until then. A deadline
/// that passes sets the stop token. The last of the response and the handler's own return ends the
/// call, so a handler may respond before it returns; what it throws then is not looked at. A
/// responder that is destroyed without a response answers `internal`, with a line in the log.
/// thread one at a time; each function any
template <typename T>
class Responder {
public:
    /// Answers nothing: every response throws.
    Responder() = default;
    explicit Responder(detail::OpenCall& call) noexcept : call_{&call} {}
    Responder(Responder&& other) noexcept : call_{std::exchange(other.call_, nullptr)} {}
    Responder& operator=(Responder&& other) noexcept {
        Responder{std::move(other)}.swap(*this);
        return *this;
    }
    ~Responder() {
        if (call_ != nullptr) {
            call_->abandon();
        }
    }

    /// Whether a response is still to be given.
    explicit operator bool() const noexcept { return call_ != nullptr; }

    /// Give the response: data, or a `Reply` with a message.
    /// err  of each response: throws Error (internal) when one was given already
    template <typename Data>
        requires(!std::is_void_v<T> && std::constructible_from<Reply<T>, Data>)
    void respond(Data&& data) {
        end(Reply<T>(std::forward<Data>(data)));
    }
    void respond()
        requires std::is_void_v<T>
    {
        end({});
    }
    /// End the call with a failure.
    void fail(Failure failure) { end(std::unexpected{std::move(failure)}); }
    void fail(std::string message) {
        fail(Failure{.code = Code::failed, .message = std::move(message)});
    }

private:
    void swap(Responder& other) noexcept { std::swap(call_, other.call_); }

    void end(detail::LaterResult<T> result) {
        if (call_ == nullptr) {
            throw Error{Code::internal, "This call has its response already"};
        }
        // What throws here leaves the call without a response, which it gets when this is
        // destroyed.
        static_cast<detail::LaterInvocation<T>&>(call_->invocation()).take(std::move(result));
        std::exchange(call_, nullptr)->complete();
    }

    detail::OpenCall* call_ = nullptr;
};

}  // namespace warren
