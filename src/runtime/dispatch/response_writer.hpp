#pragma once

#include <warren/error.hpp>
#include <warren/value.hpp>

#include "protocol/call.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>

namespace warren::runtime {

class ServerCall;

/// Whether a call ends inside of the `Dispatcher::dispatch` or `refuse` that it began in, on the
/// I/O thread, with whatever it came over at hand.
enum class At : std::uint8_t { dispatch, later };

/// Where the response to one call goes: any number of parts, one after the other, and then its one
/// end.
class ResponseWriter {
public:
    /// Send what comes before the end; the call goes on, and nothing is settled by it.   thread any
    /// in   kind: no end; data: needed during this call only
    /// err  contract_mismatch: its protocol has none, or its caller takes none; overloaded: as much
    ///      as may waits for the peer, so that this is to be tried again later; internal: it cannot
    ///      be written
    virtual std::expected<void, Failure> write_part(protocol::ResponseKind kind, const Value& data);
    /// Say now, and then so often, that the call is under way.                           thread any
    virtual void begin_heartbeats(std::chrono::milliseconds /*interval*/) {}
    /// The end is in the call. Called exactly once for every dispatch.          thread any
    virtual void finished(std::unique_ptr<ServerCall> self, At at) noexcept = 0;

protected:
    ~ResponseWriter() = default;
};

}  // namespace warren::runtime
