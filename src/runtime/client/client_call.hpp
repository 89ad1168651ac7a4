#pragma once

#include <warren/error.hpp>
#include <warren/options.hpp>
#include <warren/value.hpp>

#include "metrics/call_series.hpp"
#include "model/arguments.hpp"
#include "protocol/call.hpp"
#include "runtime/client/call_keys.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace warren::runtime {

class CallQueue;
class StreamClientSession;

/// How far a call has come, which decides what its failure can truthfully say.
enum class CallStage : std::uint8_t {
    queued,    // nothing was sent
    sent,      // handed to the transport; the broker has not said whether it has it
    accepted,  // the broker has it in a queue
};

/// One call of a client, from its submission until exactly one of `succeeded` and `failed` is
/// called, on the I/O thread. After that the client touches it no more, so that it may destroy
/// itself there.
class ClientCall {
public:
    ClientCall() = default;
    ClientCall(const ClientCall&) = delete;
    ClientCall& operator=(const ClientCall&) = delete;
    virtual ~ClientCall() = default;

    /// in  valid during the call only
    virtual void succeeded(const protocol::Response& response) noexcept = 0;
    virtual void failed(Failure failure) noexcept = 0;
    /// What comes before the end of the response, of what the metadata asks for.
    /// in   bytes: as the message has them, for `ClientCalls::give_credit`
    virtual void part(const protocol::Response& /*part*/, std::size_t /*bytes*/) noexcept {}
    /// An attempt has failed, and the call is sent again.
    virtual void retried(const Failure& /*why*/) noexcept {}

    // By whoever makes the call; what is viewed lives until the call is over.
    std::string_view method{};
    std::string_view server{};  // at a broker: another than the client's own; empty: that one
    model::ArgumentStyle style = model::ArgumentStyle::named;
    Value arguments{};
    protocol::Metadata metadata{};  // but the time left, which `timeout` says
    std::chrono::milliseconds timeout{};
    WhenBlocked when_blocked = WhenBlocked::wait;
    bool idempotent = false;           // it may be sent again after it may have been handled
    bool wants_response = true;        // false: one-way, over when the transport has taken it
    bool came_one_way = false;         // to a proxy, whose caller waits for no response
    bool runs_anyway = false;          // cancelled, it ends here, and at the server if it runs
    bool bears_deadline = true;        // the request says how much of its time is left
    bool may_be_cancelled = true;      // some thread may call `give_up`
    bool awaits_room = false;          // whoever makes it asks for room, and is not refused
    std::optional<Failure> refused{};  // known before the submission; nothing is sent then

protected:
    /// Become as new; for a call that is over, or was never submitted.
    void begin_anew() noexcept;
    /// How often it was sent; 1 also of one that was not.
    std::uint32_t attempt() const noexcept { return attempt_; }

private:
    friend class CallQueue;
    friend class ClientCalls;
    friend class StreamClient;

    ClientCall* submitted_before_ = nullptr;
    // Whoever comes second of the I/O thread's naming and the caller's cancelling sees the other.
    std::atomic<std::uint64_t> token_ = 0;
    std::atomic<bool> is_cancelled_ = false;

    metrics::CallSeries* series_ = nullptr;                 // null: nobody counts
    std::chrono::steady_clock::time_point submitted_at_{};  // where somebody counts
    std::size_t request_bytes_ = 0;

    std::uint64_t parts_ = 0;                                          // so far
    std::uint64_t credit_bytes_ = 0;                                   // as its server was told
    std::optional<std::chrono::steady_clock::time_point> heard_at_{};  // what comes before the end

    CallStage stage_ = CallStage::queued;
    CallQueue* queue_ = nullptr;
    ClientCall* previous_ = nullptr;
    ClientCall* next_ = nullptr;

    std::uint32_t attempt_ = 1;
    std::uint32_t begun_ = 0;  // attempts before this one that may have had an effect
    std::unique_ptr<Failure> last_failure_{};  // of the last of those, or of the attempt before

    CallKeys::Text key_{};  // where its caller gave none, and it may be sent again

    // Over a stream of bytes.
    StreamClientSession* session_ = nullptr;  // where its response is awaited
    std::uint32_t id_ = 0;                    // there
};

/// Calls that wait for the same thing, in order. A call is in one queue at most and can leave from
/// anywhere.
/// cost O(1), no allocation          thread one
class CallQueue {
public:
    CallQueue() = default;
    CallQueue(const CallQueue&) = delete;
    CallQueue& operator=(const CallQueue&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }
    void push(ClientCall& call) noexcept;
    ClientCall& pop() noexcept;
    static void leave(ClientCall& call) noexcept;
    /// Take over all calls of another queue, behind the own ones.
    void append(CallQueue& other) noexcept;

private:
    ClientCall* first_ = nullptr;
    ClientCall* last_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace warren::runtime
