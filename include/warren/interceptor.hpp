#pragma once

#include <warren/arena.hpp>
#include <warren/context.hpp>
#include <warren/error.hpp>
#include <warren/options.hpp>

#include <any>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace warren {

/// How a call ended.
struct CallEnd {
    std::optional<Code> failure{};  // nullopt: it succeeded
    std::string_view message{};
    std::size_t response_bytes = 0;       // of its message; 0: there was none, or at a client
    std::chrono::nanoseconds duration{};  // since it came in, or was made
    bool comes_again = false;  // at a server: its request was left undone, for another time
};

/// Where a listener takes calls from.
struct CallPlace {
    std::string address{};       // for people, without a password: "tcp://127.0.0.1:7000"
    std::string virtual_host{};  // of a broker, as the others; empty: there is none
    std::string queue{};
    std::string user{};  // as whom the server logs in
};

/// What a call says, for who records it: JSON without what is secret in it. For "*****" stand what
/// is at a `Secret<T>` or under a secret's name, Fernet tokens, and wherever else in the call the
/// same content is found. What JSON cannot say, such as a NaN, is text there.
class CallContent {
public:
    virtual ~CallContent() = default;
    /// The arguments by their names, an object. Of what could not be read, and in `end`, an empty
    /// one.
    /// in   bytes_max: of more there is only said how much it was
    /// cost O(request)
    virtual std::string request(std::size_t bytes_max) const = 0;
    /// {"success": BOOLEAN, "message": TEXT, "data": what it gave}, and of a failure "code" and
    /// "errors"; for `end`. Parts that came before it are not in it.
    /// cost O(response)
    virtual std::string response(std::size_t bytes_max) const = 0;
    /// What went wrong, in lines for who runs the server; empty: nothing did.
    virtual std::string failure() const = 0;
};

/// A call that a server got, as an interceptor sees it. Valid during that function.
struct CallAtServer {
    /// What the handler finds and, of a proxy, the other side: also what `begin` changes of it.
    /// Its texts must live as long as the call: see `keep`.
    Context& context;
    std::string_view listener;      // such as "amqp://localhost:5672/ queue=test"
    std::string_view peer_address;  // of the connection; empty: not known, as at a broker
    std::size_t request_bytes = 0;  // of its message
    bool wants_response = true;     // false: one-way
    Context::TimePoint came_at{};
    /// When it was sent, by its caller's clock; nullopt: it has not waited at a broker, or does not
    /// say.
    std::optional<std::chrono::sys_time<std::chrono::milliseconds>> sent_at{};
    std::string_view forwards_to{};  // of a proxy: which address
    // For `end`: of a handler that began.
    std::optional<Context::TimePoint> handler_began_at{};
    std::optional<Context::TimePoint> handler_ended_at{};
    const CallContent* content = nullptr;  // where `reads_content`
    const CallPlace* place = nullptr;      // where `reads_content`
    Arena& memory;                         // of the call
    std::any& state;                       // this interceptor's own, empty in `begin`, for `end`

    /// A copy of some text that is there as long as the call.
    std::string_view keep(std::string_view text) const { return memory.copy(text); }
};

/// Stands around the calls of a server (`Server::use`), or of one of its listeners
/// (`ListenerOptions::interceptors`), whether handlers answer them, mocks or a proxy's other side.
///
/// `begin` comes once a request was read, and its signature verified where there is one; and before
/// anything else is looked at: whether there is such a method, time left, and what the arguments
/// are. Those of the server come before those of the listener, each in the order of `use`: the
/// first is the outermost, and the first to refuse is the last that is asked. `end` comes when the
/// response is written, in the opposite order, of all whose `begin` was called. What cannot be
/// begun, because it could not be read or was over a limit, has an `end` of all without a `begin`.
/// What either throws is logged; of `begin` it refuses the call, too.
/// thread any, also several at once. It must not block: one may be an I/O thread
class ServerInterceptor {
public:
    virtual ~ServerInterceptor() = default;
    /// out  nullopt: the call goes on; otherwise its answer
    virtual std::optional<Failure> begin(CallAtServer& /*call*/) { return std::nullopt; }
    /// Called once for each call that `begin` was called for, with how it ended.
    virtual void end(const CallAtServer& /*call*/, const CallEnd& /*end*/) {}
    /// Whether it is to get what calls say. Asked once.
    virtual bool reads_content() const noexcept { return false; }
};

/// A call that a client makes, as an interceptor sees it. Valid during that function.
struct CallAtClient {
    std::string_view method;
    CallOptions& options;  // those of the call, with what `begin` changes of them
    bool wants_response = true;
    std::string_view address;      // the client's, for people
    bool carries_metadata = true;  // whether the call may say what its handler finds in `Context`
    std::any& state;               // this interceptor's own, empty in `begin`, for `end`
};

/// Stands around the calls of a client (`Client::use`), each with all its attempts.
///
/// `begin` comes before the arguments are checked and encrypted, in the order of `use`: the first
/// is the outermost. `end` comes before the caller is told, in the opposite order, of all whose
/// `begin` was called; of a call that is never started, such as a coroutine that nobody awaits, as
/// `cancelled`. What either throws is as with `ServerInterceptor`.
/// thread of `begin`: the caller's; of `end`: the client's I/O thread, or the caller's of a call
/// that was not sent. It must not block
class ClientInterceptor {
public:
    virtual ~ClientInterceptor() = default;
    /// out  nullopt: the call goes on; otherwise what it fails with, and nothing is sent
    virtual std::optional<Failure> begin(CallAtClient& /*call*/) { return std::nullopt; }
    /// Called once for each call that `begin` was called for, with how it ended.
    virtual void end(const CallAtClient& /*call*/, const CallEnd& /*end*/) {}
};

}  // namespace warren
