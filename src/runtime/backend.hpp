#pragma once

#include "protocol/call.hpp"
#include "runtime/job.hpp"
#include "runtime/lane.hpp"
#include "runtime/running_calls.hpp"

#include <memory>
#include <utility>

namespace warren::runtime {

/// What answers the calls of one listener.
///
/// A call that is admitted is prepared and started, and from then on it is the backend's, which
/// leaves an answer in it and hands it to `RunningCalls::finish`, once. Meanwhile it may wait in
/// three places, where a deadline finds it: in the lane's queue for workers, after which `run`
/// follows; in the table of locks; or parked (`ParkedJob`) with somebody else, who answers on any
/// thread after claiming it. So an asynchronous handler parks its call and holds no thread, and a
/// backend around another one, as for idempotency, is the lane's: it gives calls on to the inner
/// one at once, parked until a store has spoken, or never.
class Backend {
public:
    explicit Backend(Lane& lane) noexcept : lane_{lane}, calls_{lane.calls()} {}
    virtual ~Backend() = default;

    /// Check a call, and leave in the job what `start` needs. What this throws becomes its answer.
    /// out  false: its answer is there already          thread any
    virtual bool prepare(Job& job, const protocol::Call& call) = 0;
    /// Answer it, now or later.          thread the I/O thread
    /// in   call: as it was prepared, valid during this call; at: for an answer that is made here
    virtual void start(std::unique_ptr<Job> job, const protocol::Call& call, At at) = 0;
    /// It has got the worker, or the lock, that `start` had it wait for.
    virtual void run(std::unique_ptr<Job> /*job*/, At /*at*/) noexcept { std::unreachable(); }
    /// What one is answered that ends because its time is up, or nobody waits for it any more.
    virtual Failure ended_early(const Job& /*job*/, Failure why) const { return why; }

protected:
    Lane& lane_;
    RunningCalls& calls_;
};

std::unique_ptr<Backend> make_local_backend(Lane& lane);
std::unique_ptr<Backend> make_forward_backend(Lane& lane);
std::unique_ptr<Backend> make_mock_backend(Lane& lane);

/// Make the request that the method takes, and forget the message if that was kept.
/// out  false: an answer is there
bool bind(Job& job, const protocol::Call& call);

}  // namespace warren::runtime
