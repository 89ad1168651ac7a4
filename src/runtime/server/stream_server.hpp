#pragma once

#include <warren/arena.hpp>
#include <warren/context.hpp>

#include "core/line_limit.hpp"
#include "protocol/stream_protocol.hpp"
#include "runtime/dispatch/completion_queue.hpp"
#include "runtime/dispatch/dispatcher.hpp"
#include "runtime/dispatch/request_memory.hpp"
#include "runtime/server/heartbeats.hpp"
#include "runtime/server/response_backlog.hpp"
#include "runtime/server/stream_server_call.hpp"
#include "runtime/server/stream_speech.hpp"
#include "runtime/stream_transports.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::runtime {

class StreamServerSession;

/// What a stream server lets in.
struct StreamServerLimits {
    /// Calls without a response yet, of one connection and of all.
    std::size_t in_flight_per_connection_max = 1024;
    std::size_t in_flight_max = 65'536;
    /// Of the requests in flight, as they came and as they are in memory, of one connection and of
    /// all; as it came one alone may be bigger.
    std::size_t in_flight_bytes_per_connection_max = std::size_t{128} << 20;
    std::size_t in_flight_bytes_max = std::size_t{256} << 20;
    /// Of responses that have not left yet: no call of a connection starts while more than so many
    /// wait for it, and none at all while more wait in all; they are answered `overloaded`.
    std::size_t responses_bytes_per_connection_max = std::size_t{128} << 20;
    std::size_t answers_bytes_max = std::size_t{256} << 20;
};

struct StreamServerOptions {
    ListenerContextOptions listener;
    StreamServerLimits limits{};
    /// What one turn may add to a connection's output by handlers that run inline; requests that
    /// came with it wait for the next turn.
    std::size_t turn_output_bytes_max = std::size_t{1} << 20;
    std::vector<Signer> signers{};  // by the number of the key; none: nothing is signed
};

/// What a stream server that runs takes anew.
struct StreamServerUpdate {
    std::shared_ptr<const PolicyInForce> policy;
    std::shared_ptr<const StreamSpeech> speech{};  // null: it stays
    StreamServerLimits limits{};
};

/// What a stream server has done, beside what `Counters` tell.          thread any may read
struct StreamServerCounters {
    std::atomic<std::uint64_t> broken_streams = 0;       // closed as nothing more could be read
    std::atomic<std::uint64_t> unreadable_messages = 0;  // of connections that go on
    std::atomic<std::uint64_t> dropped_responses = 0;    // their connection was gone
};

/// Serves methods to the connections of one listener. Every request is answered once, unless its
/// connection ends before.
///
/// All that a read brought is parsed and dispatched in that turn. What is answered meanwhile, by
/// handlers that run inline, goes straight to the connection's output; what workers answer comes
/// back in batches. Where the protocol tells answers apart by their order only, a connection's next
/// request waits for the response to the one before.
///
/// Over a limit of what is in flight a request is answered `overloaded`. Of a notification's
/// refusal nobody would hear: it is taken, one over the limit if need be, and its connection's
/// input waits until there is room.
///
/// When a connection ends, or says that it waits for a request no more, those of its requests that
/// have not started are dropped, and the stop tokens of the others are set; notifications run, and
/// where answers have an order every request does. What nobody waits for takes no place of others,
/// as long as it is not more than may be in flight.
///
/// thread that of the transport's executor. To destroy: `drain` or `stop_now`, and wait for
/// `on_drained`; connections that are still there are no longer served.
class StreamServer final : public StreamAcceptorSink {
public:
    /// in  all must outlive the server
    StreamServer(protocol::StreamProtocol& protocol, StreamAcceptor& acceptor,
                 Dispatcher& dispatcher, Log& log, StreamServerOptions options);
    ~StreamServer() override;
    StreamServer(const StreamServer&) = delete;
    StreamServer& operator=(const StreamServer&) = delete;

    std::unique_ptr<StreamSession> on_connected(StreamConnection& connection) override;

    /// Have requests that are read from now on under other options; calls that run keep what they
    /// have. Where a message has begun to come, the next one is the first.
    /// out  what was in force before
    StreamServerUpdate renew(StreamServerUpdate update);  // stream_server_renew.cpp

    /// Stop listening, answer new requests `overloaded`, and say when all others are answered and
    /// the network has the responses. Connections stay: their closing is the port's.
    void drain(std::move_only_function<void()> on_drained);
    /// Close all connections at once; results of handlers that still run are dropped.
    /// `on_drained`, also the one given to `drain` before, follows when they have returned.
    void stop_now(std::move_only_function<void()> on_drained = {});

    std::size_t in_flight() const noexcept { return in_flight_; }
    /// What a drain waits for, beside handlers that run, for people; empty: for nothing.
    std::string unfinished() const;
    /// Once drained: whether peers are there whose next requests it could still refuse, so that
    /// they know that nothing of these was done.
    bool has_peers_to_refuse() const noexcept { return !abandoned_all_ && sessions() != 0; }
    std::size_t sessions() const noexcept { return slots_.size() - free_slots_.size(); }
    const StreamServerCounters& counters() const noexcept { return counters_; }

private:
    friend class StreamServerSession;
    friend class StreamServerCall;

    /// Where a session stands while it is there.
    struct Slot {
        Slot(std::size_t memory_bytes_max, detail::MemoryBudget& all) noexcept
            : memory{memory_bytes_max, connection_memory_reason, &all} {}

        StreamServerSession* session = nullptr;
        std::uint32_t generation = 1;
        ResponseBacklog::Share unsent{};
        detail::MemoryBudget memory;
    };

    struct CancelledCall {
        SessionId session;
        std::uint32_t id = 0;
        protocol::Cancelled which = protocol::Cancelled::always;
    };

    // What sessions and calls do.
    void take(StreamServerSession& session, protocol::StreamCallDecoder& decoder,
              std::size_t request_bytes);
    void accept_large(StreamServerSession& session, const protocol::StreamCallDecoder& decoder,
                      std::span<const std::byte> request);
    void send_heartbeat_response(StreamServerSession& session,
                                 const protocol::StreamCallDecoder& decoder);
    void refuse_broken(StreamServerSession& session, protocol::StreamCallDecoder& decoder);
    void refuse_unreadable(StreamServerSession& session, protocol::StreamCallDecoder& decoder);
    void refuse_overflow(StreamServerSession& session, const protocol::StreamCallDecoder& decoder);
    void respond_here(std::unique_ptr<StreamServerCall> call) noexcept;
    void stall(const StreamServerSession& session);
    bool has_room(const StreamServerSession& session) noexcept;
    /// Go on with the session's input when there is room.
    void hold(const StreamServerSession& session);
    void forget(StreamServerSession& session) noexcept;
    void abandon(SessionId id) noexcept;
    /// Nobody waits for a request of the session any more.
    void cancel(const StreamServerSession& session, std::uint32_t id, protocol::Cancelled which);
    void make_room_soon();
    void end_cancelled();
    void let_go(StreamServerCall& call) noexcept;

    enum class Unread : std::uint8_t { closed, dropped, refused };
    void refuse_unread(StreamServerSession& session, protocol::StreamCallDecoder& decoder,
                       Unread consequence);
    std::string_view overload_reason_for(const ResponseBacklog::Share& share) const noexcept;
    std::optional<Failure> refusal_of(const StreamServerSession& session, bool wants_response);
    std::optional<Failure> refusal_for(const StreamServerSession& session,
                                       bool wants_response) const;
    std::optional<Failure> hold_memory(StreamServerCall& call);
    template <typename Dispatch>
    void with_call(StreamServerSession& session, const protocol::StreamTicket& ticket,
                   Dispatch&& dispatch);
    [[gnu::noinline]] std::unique_ptr<StreamServerCall> new_call();
    std::unique_ptr<StreamServerCall> make_call(StreamServerSession& session,
                                                const protocol::StreamTicket& ticket);
    void leaves(StreamServerCall& call) noexcept;
    StreamServerSession* find(SessionId id) noexcept;
    void collect_finished();
    void send_response(const StreamServerCall& call, StreamServerSession* session);
    void give_part(const StreamPart& part);
    void forget_parts(const StreamServerCall& call) noexcept;
    void begin_heartbeats(const HeartbeatsBegin& begin);
    void recycle(std::unique_ptr<StreamServerCall> call);
    void resume_stalled();
    void resume_held();
    std::int64_t unix_ms() const noexcept { return acceptor_.executor().unix_ms(); }  // thread any
    std::size_t unsent_bytes() const noexcept {
        return backlog_.bytes() + acceptor_.unsent_bytes();
    }
    void check_drained();

    std::shared_ptr<const StreamSpeech> speech_;  // of requests that are read from now on
    StreamAcceptor& acceptor_;
    Dispatcher& dispatcher_;
    Log& log_;
    StreamServerOptions options_;
    ListenerContext listener_;
    std::shared_ptr<CompletionQueue> completions_;
    StreamServerCounters counters_;
    Heartbeats heartbeats_;

    RequestMemory memory_;                        // of it, the values that are being dispatched
    StreamServerSession* dispatching_ = nullptr;  // whose request that is
    /// Of the requests in flight those that are held against the limit.
    std::size_t waited_for() const noexcept {
        return in_flight_ - std::min(abandoned_, options_.limits.in_flight_max);
    }

    std::size_t in_flight_ = 0;
    std::size_t abandoned_ = 0;  // of them
    std::vector<std::unique_ptr<StreamServerCall>> free_;
    ResponseBacklog backlog_;
    std::deque<Slot> slots_;  // calls point into them
    std::vector<std::uint32_t> free_slots_;
    std::vector<SessionId> stalled_;
    std::vector<SessionId> held_;
    std::optional<Executor::TimerId> stall_timer_;
    std::vector<CancelledCall> cancelled_;  // in this turn
    std::optional<Executor::TimerId> cancel_timer_;
    std::optional<Executor::TimerId> unsent_timer_;  // of a drain
    TimePoint room_made_at_{};

    // Of streams that are closed, of messages that are dropped, and of those that are refused.
    std::array<core::LineLimit, 3> unread_lines_{};
    bool stopping_ = false;
    bool abandoned_all_ = false;  // answers that have not left never will
    std::vector<std::move_only_function<void()>> on_drained_;
};

}  // namespace warren::runtime
