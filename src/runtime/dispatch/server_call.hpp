#pragma once

#include <warren/arena.hpp>
#include <warren/context.hpp>
#include <warren/detail/committer.hpp>
#include <warren/detail/part_writer.hpp>
#include <warren/method.hpp>

#include "metrics/call_series.hpp"
#include "protocol/call.hpp"
#include "runtime/clock.hpp"
#include "runtime/dispatch/call_content.hpp"
#include "runtime/dispatch/completion_queue.hpp"
#include "runtime/dispatch/deadline_watch.hpp"
#include "runtime/dispatch/keyed_call.hpp"
#include "runtime/dispatch/large_request.hpp"
#include "runtime/dispatch/locks.hpp"
#include "runtime/dispatch/memory_hold.hpp"
#include "runtime/dispatch/parts_flow.hpp"
#include "runtime/dispatch/response_writer.hpp"
#include "runtime/dispatch/workers.hpp"

#include <any>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::runtime {

class ServerCall;
class ListenerContext;
class PolicyInForce;
struct CallLock;

/// A call that somebody else has, who answers later. The response and the end of the waiting for it
/// may come at the same time, on two threads: whoever exchanges it for nullptr ends the call.
using ParkedCall = std::atomic<ServerCall*>;

/// What the dispatcher and its backends know of a call while it is under way.
struct ServerCallState {
    ListenerContext* listener = nullptr;
    /// The listener's when it began. One that is used again keeps it, as it is mostly the same.
    std::shared_ptr<const PolicyInForce> policy{};
    const Method* method = nullptr;          // null: there is no such one here, or it is forwarded
    metrics::CallSeries* series = nullptr;   // null: nobody counts
    TimePoint began_at{};                    // where somebody counts
    std::unique_ptr<Invocation> invocation;  // used again for the same method
    const Method* invocation_of = nullptr;
    std::shared_ptr<void> mock;  // what a mocked response shows
    Context context{};
    std::string lock_key;
    bool holds_lock = false;
    std::unique_ptr<CallLock> store_lock{};  // the same one in the store, asked for or held
    bool has_lost_lock = false;              // while its handler ran
    bool is_withdrawn = false;               // never to run here: neither a success nor a failure
    std::atomic<bool> has_begun = false;     // its handler, on a worker
    std::unique_ptr<LargeRequest> large{};   // until it is read, and bound or forwarded
    MemoryHold held;                         // for the handler's arguments
    std::shared_ptr<ParkedCall> parked{};    // once somebody else has it, who answers later
    bool is_parked_unbegun = false;          // as it waits for a lock; guarded by the watch
    std::unique_ptr<KeyedCall> keyed{};      // null: nothing tells it from others, or need to
    // Where there are interceptors.
    std::optional<std::int64_t> sent_at_ms{};  // unix, as the caller says
    TimePoint handler_began_at{};              // of none that did not begin
    TimePoint handler_ended_at{};
    std::vector<std::any> interceptor_states{};  // of those that have seen it begin
    std::unique_ptr<CallSecrets> secrets{};      // null: nobody records what it says
    std::shared_ptr<PartsFlow> parts{};          // null: its caller takes none
    bool takes_progress = false;
    bool has_other_contract = false;  // its caller, than this server
    bool has_committed = false;
    bool is_poisoned = false;  // it was begun too often to begin again
    std::optional<std::chrono::milliseconds> retry_after{};  // its request is to come again then
    bool lacks_parts = false;  // its handler could not send one, so that its response is not whole

    protocol::Response response{};
    Failure failure{};
};

/// One call on its way, from its message to its response. Whoever takes calls derives from it what
/// writes its response, and may use a finished one again (`reset`).
class ServerCall : public Task,
                   public CompletionEntry,
                   public LockTicket,
                   public Watched,
                   public ResponseWriter,
                   public detail::PartWriter,
                   public detail::Committer {
public:
    ServerCall() noexcept;
    ~ServerCall() override;

    /// Why a call that waited for its turn is not to start after all, as the text of `overloaded`;
    /// empty: it may.          thread any
    virtual std::string_view overload_reason() const noexcept { return {}; }

    /// Whether its caller takes what comes before the end.
    bool takes(protocol::ResponseKind kind) const noexcept {
        return wants_response && (kind == protocol::ResponseKind::part ? state.parts != nullptr
                                                                       : state.takes_progress);
    }
    // server_call_parts.cpp: what its handler sends before the response
    bool write(const Type& type, const void* part) final;
    void write(const Progress& progress) final;
    void wait_for_room(std::move_only_function<void()> on_room) final;
    /// Wait for room.
    /// out  false: there will be none
    bool has_room_for_part();

    // server_call_commit.cpp
    void commit(const Type* response,
                const std::function<detail::CommittedResponse(Transaction&)>& change) final;

    /// Whether its request can come again later, although this delivery of it ends.
    virtual bool can_come_again() const noexcept { return false; }

    /// Append what tells its message from every other one, where that is so by its form.
    virtual void write_message_key(std::string& /*key*/) const {}

    /// Leave a failure as the response.
    [[gnu::cold]] void fail(Failure failure) noexcept;
    /// Valid once finished, until `release_result` or `reset`.
    const protocol::Response& response() const noexcept { return state.response; }
    /// A failure goes in place of its response, which cannot be sent: it is no success then.
    void count_as_internal() const noexcept;
    /// Whether its handler has begun, of one that a worker runs.
    bool has_begun() const noexcept { return state.has_begun.load(std::memory_order_relaxed); }

    /// Where the request may be decoded and the response encoded.
    Arena arena;
    /// Of the message it came in, for metrics.
    std::size_t request_bytes = 0;
    /// What its values took where they were read.
    std::size_t values_bytes = 0;
    /// What it may take in memory; outlives it. Null: whatever it needs.
    detail::MemoryBudget* memory = nullptr;
    /// Who asks, for the line of a log that shows calls; empty: not known.
    std::string peer_address{};
    /// Whether its caller can say that it is done with parts: it gets none otherwise.
    bool hears_credit = true;
    /// False: one-way. Nobody gets its failure, so it is logged and counted.
    bool wants_response = true;

    ServerCallState state;

protected:
    /// Destroy the handler's request and response, which `response().data` views; what else the
    /// answer views stays.
    void release_result() noexcept;
    /// Tell interceptors of its end: the response is written.
    void end_intercepted(std::size_t response_bytes) noexcept;
    /// Log what went wrong with this call, as the one who answers knows it.
    void report(std::string_view details) const noexcept;
    /// Make it as new, keeping memory.
    void reset() noexcept;

private:
    void run_task() noexcept final;
    [[gnu::noinline]] void release_rare() noexcept;
};

}  // namespace warren::runtime
