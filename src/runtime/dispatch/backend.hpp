#pragma once

#include "protocol/call.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "runtime/dispatch/server_call.hpp"

#include <memory>
#include <utility>

namespace warren::runtime {

/// What answers the calls of one listener.
///
/// A call that is admitted is prepared and started, and from then on it is the backend's, which
/// leaves a response in it and hands it to `RunningCalls::finish`, once. Meanwhile it may wait in
/// three places, where a deadline finds it: in the listener's queue for workers, after which `run`
/// follows; in the table of locks; or parked (`ParkedCall`) with somebody else, who answers on any
/// thread after claiming it. So an asynchronous handler parks its call and holds no thread, and a
/// backend around another one, as for idempotency, is the listener's: it gives calls on to the
/// inner one at once, parked until a store has spoken, or never.
class Backend {
public:
    explicit Backend(ListenerContext& listener) noexcept
        : listener_{listener}, calls_{listener.calls()} {}
    virtual ~Backend() = default;

    /// Check a call, and leave in the call what `start` needs. What this throws becomes its
    /// response.
    /// out  false: its response is there already          thread any
    virtual bool prepare(ServerCall& call, const protocol::Call& request) = 0;
    /// Answer it, now or later.          thread the I/O thread
    /// in   call: as it was prepared, valid during this call; at: for a response that is made here
    virtual void start(std::unique_ptr<ServerCall> call, const protocol::Call& request, At at) = 0;
    /// It has got the worker, or the lock, that `start` had it wait for.
    virtual void run(std::unique_ptr<ServerCall> /*call*/, At /*at*/) noexcept {
        std::unreachable();
    }
    /// What one is answered that ends because its time is up, or nobody waits for it any more.
    virtual Failure ended_early(const ServerCall& /*call*/, Failure why) const { return why; }

protected:
    ListenerContext& listener_;
    RunningCalls& calls_;
};

std::unique_ptr<Backend> make_local_backend(ListenerContext& listener);
std::unique_ptr<Backend> make_forward_backend(ListenerContext& listener);
std::unique_ptr<Backend> make_mock_backend(ListenerContext& listener);
/// Another one behind the records of a store, of a listener that has some.
std::unique_ptr<Backend> make_idempotent_backend(ListenerContext& listener,
                                                 std::unique_ptr<Backend> inner);

/// Make the request that the method takes, and forget the message if that was kept.
/// out  false: a response is there
bool bind(ServerCall& call, const protocol::Call& request);

}  // namespace warren::runtime
