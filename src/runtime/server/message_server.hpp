#pragma once

#include <warren/context.hpp>
#include <warren/listener.hpp>

#include "core/keyed_hash.hpp"
#include "core/limits.hpp"
#include "protocol/control.hpp"
#include "protocol/message_protocol.hpp"
#include "protocol/moved_request.hpp"
#include "protocol/owned_message.hpp"
#include "protocol/topology.hpp"
#include "runtime/counters.hpp"
#include "runtime/dispatch/dispatcher.hpp"
#include "runtime/dispatch/request_memory.hpp"
#include "runtime/server/cancelled_calls.hpp"
#include "runtime/server/lost_replies.hpp"
#include "runtime/server/message_server_call.hpp"
#include "runtime/server/redelivery_cache.hpp"
#include "runtime/transports.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace warren::runtime {

/// What becomes of requests that a lost connection leaves unsettled.
enum class LostRequests : std::uint8_t {
    come_again,  // the broker delivers them to this server or another
    are_gone,    // their queue goes with the connection
};

/// Where requests go that leave their queue undone.
struct RequestMoves {
    protocol::Queue queue{};     // that is served
    std::string dead_letters{};  // the queue of those that were begun too often; empty: the broker
                                 // keeps them by rules of its own, if at all
    std::string server{};        // this one, for people who find them there
};

struct MessageServerOptions {
    ListenerContextOptions listener;
    /// The port's prefetch: as many deliveries of one connection are unsettled at most.
    std::size_t in_flight_max = 5;
    /// Of a reply's body: what would be bigger is answered `internal`.
    std::size_t reply_bytes_max = core::Limits{}.body_bytes_max;
    /// Of the requests in flight, as they are in memory.
    std::size_t in_flight_bytes_max = std::size_t{256} << 20;
    RedeliveryCacheLimits redelivery_cache{};
    LostRequests lost_requests = LostRequests::come_again;
    Acknowledge acknowledge = Acknowledge::with_reply;
    /// Bodies of so many bytes are compressed where their callers take that; unset: none is.
    std::optional<std::size_t> compress_bytes_min{};
    RequestMoves moves{};
    /// Called on every change, on the I/O thread.
    std::function<void()> on_consuming{};
    std::function<void(const Failure& why)> on_lost{};
};

/// What a message server that runs takes anew; the rest as in its options.
struct MessageServerUpdate {
    std::shared_ptr<const PolicyInForce> policy;
    std::size_t in_flight_bytes_max = std::size_t{256} << 20;
    std::optional<std::size_t> compress_bytes_min{};
};

/// What a message server has done, beside what `Counters` tell.          thread any may read
struct MessageServerCounters {
    SingleWriterCounter bytes_received;  // of bodies
    SingleWriterCounter bytes_sent;
    SingleWriterCounter redeliveries;  // redeliveries of what has run, or still runs
    SingleWriterCounter reconnects;    // how often it consumes again
};

/// Serves methods to a broker's messages. Every delivery is answered once (when it names somebody
/// to answer) and settled once, whatever happens to it.
///
/// Connections break between a reply and its acknowledgement, and the broker then delivers a
/// request again that took effect already. Within this process such a request does not run twice:
/// what was in flight or settled unconfirmed when the connection broke is remembered
/// (`RedeliveryCache`), a redelivery of it waits for the first run, or is answered with the first
/// run's reply. This needs a correlation id; a request without one runs again. What had not started
/// is dropped, since the redelivery may go to another server.
///
/// A call that is cancelled, also before its request comes, does not start, and is acknowledged
/// without a reply; one that runs has its stop token set.
///
/// thread that of the transport's executor. To destroy: `drain` or `stop_now`, and wait for
/// `on_drained`.
class MessageServer final : public ServerSink {
public:
    /// in  all must outlive the server
    MessageServer(const protocol::MessageProtocol& protocol, ServerTransport& transport,
                  Dispatcher& dispatcher, Log& log, MessageServerOptions options);
    ~MessageServer() override;
    MessageServer(const MessageServer&) = delete;
    MessageServer& operator=(const MessageServer&) = delete;

    /// Have requests that come from now on under other options; calls that run keep what they have.
    /// out  what was in force before, of which calls may still need the policy
    MessageServerUpdate renew(MessageServerUpdate update);

    /// Stop consuming, and say when every delivery is settled.
    void drain(std::move_only_function<void()> on_drained);
    /// Give back at once what is not settled; results of handlers that still run are dropped.
    /// `on_drained`, also the one given to `drain` before, follows when they have returned.
    void stop_now(std::move_only_function<void()> on_drained = {});

    std::size_t in_flight() const noexcept { return in_flight_.size(); }
    bool consuming() const noexcept { return consuming_; }
    const RedeliveryCache& redelivery_cache() const noexcept { return redelivery_cache_; }
    const MessageServerCounters& counters() const noexcept { return counters_; }
    const LostReplies& lost_replies() const noexcept { return replies_; }
    const QueueWaits& queue_waits() const noexcept { return waits_; }
    /// What a drain waits for, beside handlers that run, for people; empty: for nothing.
    std::string unfinished() const;

    void on_delivery(DeliveryId delivery, const protocol::MessageView& message) override;
    void on_consuming(std::uint64_t generation) override;
    void on_connected(std::uint64_t generation) override;
    void on_lost(std::uint64_t generation, const Failure& why) override;
    void on_interrupted(const Failure& why) override;
    void on_unreachable() override;
    void on_stopped() override;
    void on_heard() override;
    void on_control(const protocol::MessageView& message) override;
    void on_tried(DeliveryId delivery, const Failure* refused) override;
    void on_paused() override;
    void on_moved(DeliveryId delivery, const Failure* failed) override;
    void on_reply_refused(const protocol::MessageView& reply, const Failure& why) override;
    void on_reply_lost(DeliveryId delivery, const protocol::MessageView& reply,
                       const Failure& why) override;

private:
    /// A delivery that is not acknowledged, because as many are handled as may.
    struct Held {
        DeliveryId delivery;
        protocol::OwnedMessage message;
        TimePoint came_at;
    };

    /// A reply that goes apart, because one like it has broken a channel or a connection.
    struct Trial {
        DeliveryId delivery;  // as it was tried for; the call may have a later one
        std::unique_ptr<MessageServerCall> call;
    };

    /// How far a request is that is to run alone.
    enum class Isolation : std::uint8_t {
        none,
        pausing,   // no deliveries are to come
        clearing,  // none come, and others end or leave
        proving,   // the broker is asked whether it has read that they left
        running,
    };

    void take(DeliveryId delivery, const protocol::MessageView& message,
              std::chrono::milliseconds held = {});
    void hold_or_accept(DeliveryId delivery, const protocol::MessageView& message);
    void accept_held();
    /// As many as may are handled, or their replies are not confirmed yet.
    bool is_full() const noexcept {
        return std::max(in_flight_.size(), unsettled_) >= options_.in_flight_max;
    }
    void requeue_held();
    std::optional<Failure> refusal_of(MessageServerCall& call);
    void accept_large(std::unique_ptr<MessageServerCall> call, const protocol::MessageView& message,
                      const Arrival& arrival);
    std::unique_ptr<MessageServerCall> idle_job();
    std::unique_ptr<MessageServerCall> make_call(DeliveryId delivery,
                                                 const protocol::MessageView& message);
    bool replay(DeliveryId delivery, const protocol::MessageView& message);
    void join(MessageServerCall& running, DeliveryId delivery);
    /// Whether its queue may have a request once more: who moved it may have lost its connection,
    /// or its life, before it was acknowledged.
    bool is_doubtful(const protocol::MessageView& message) const noexcept {
        return message.came_before() && transport_.can_move();
    }
    bool is_current(const MessageServerCall& call) const noexcept {
        return generation_ != 0 && call.delivery.generation == generation_;
    }
    void begin_heartbeats(const HeartbeatsBegin& begin);
    void remove(MessageServerCall& call) noexcept;
    void lose(MessageServerCall& call);
    /// Never run it, if it has not started: another delivery of it will be.
    bool drop(MessageServerCall& call) noexcept;
    void collect_finished();
    void settle(std::unique_ptr<MessageServerCall> call);
    void conclude(std::unique_ptr<MessageServerCall> call);
    void conclude_again(KeptResponse response);
    std::unique_ptr<MessageServerCall> take_tried(DeliveryId delivery);
    void conclude_tried(std::unique_ptr<MessageServerCall> call);
    void send_unsent();
    void ask_later();
    void keep(std::unique_ptr<MessageServerCall> call);
    void trim_settled();
    void recycle(std::unique_ptr<MessageServerCall> call);
    void remember(std::unique_ptr<MessageServerCall> call);
    void arm_expiry();
    bool is_cancelled(const MessageServerCall& call);
    void take_credit(const protocol::Credit& credit);
    void send_part(const MessagePart& part);
    void end_cancelled();
    // message_server_moves.cpp
    std::optional<protocol::RequestMove> move_of(const MessageServerCall& call) const;
    void part_with(std::unique_ptr<MessageServerCall> call);
    void give_up(std::unique_ptr<MessageServerCall> call);
    void let_go(std::unique_ptr<MessageServerCall> call);
    void move_failed(std::unique_ptr<MessageServerCall> call, const Failure& why);
    void lose_moving();
    // message_server_alone.cpp
    bool is_suspect(const protocol::MessageView& message) const;
    bool hold_if_suspect(DeliveryId delivery, const protocol::MessageView& message);
    void send_behind(Held suspect, bool is_next);
    bool conclude_behind(DeliveryId delivery, const Failure* failed);
    void step_isolation();
    void run_suspect();
    void end_isolation(bool is_connected);
    // message_server_drain.cpp
    /// Whether the broker delivers again what a lost connection left unsettled.
    bool comes_again() const noexcept {
        return options_.lost_requests == LostRequests::come_again &&
               options_.acknowledge == Acknowledge::with_reply;
    }
    void await_redeliveries();
    void stop_awaiting() noexcept;
    void end_recovery_if_complete();
    void end_recovery();
    void check_drained();

    const protocol::MessageProtocol& protocol_;
    ServerTransport& transport_;
    Dispatcher& dispatcher_;
    Log& log_;
    MessageServerOptions options_;
    ListenerContext listener_;
    std::shared_ptr<CompletionQueue> completions_;
    MessageServerCounters counters_;
    LostReplies replies_;
    QueueWaits waits_;
    Heartbeats heartbeats_;

    RequestMemory memory_;
    std::vector<MessageServerCall*> in_flight_;  // each knows its place
    std::size_t unsettled_ = 0;                  // of them, those of this generation
    std::vector<std::unique_ptr<MessageServerCall>> free_;
    /// Settled in this generation, oldest first, while the broker may not know it yet: it delivers
    /// at most `in_flight_max` messages ahead of the acknowledgements it has seen.
    std::deque<std::unique_ptr<MessageServerCall>> settled_;
    std::size_t settled_bytes_ = 0;
    std::deque<Held> held_;  // of `before_handling`, oldest first; at most the transport's prefetch
    std::vector<Trial> trials_;  // at most the transport's prefetch of each connection
    std::vector<std::unique_ptr<MessageServerCall>> moving_;  // into other queues
    std::deque<Held> suspects_;  // the first one is next; at most the transport's prefetch
    std::vector<Held> sent_behind_;
    Isolation isolation_ = Isolation::none;
    bool isolates_ = false;  // as its queue counts attempts, and requests can be sent behind
    std::optional<Executor::TimerId> suspect_timer_;
    RedeliveryCache redelivery_cache_;
    std::optional<Executor::TimerId> expiry_timer_;
    // What is settled is numbered. The broker has surely read the first `heard_`, and was there
    // long enough after the first `proven_` to keep them.
    std::uint64_t sent_ = 0;
    std::uint64_t asked_ = 0;
    std::uint64_t heard_ = 0;
    std::uint64_t proven_ = 0;
    bool is_asking_ = false;
    std::optional<Executor::TimerId> ask_timer_;

    /// By correlation id, of calls that have sent parts.
    std::unordered_map<std::string, std::shared_ptr<PartsFlow>, core::KeyedHash, std::equal_to<>>
        flows_;
    CancelledCalls cancelled_;
    std::optional<Executor::TimerId> cancel_timer_;

    std::uint64_t generation_ = 0;  // of the connection that consumes; 0: none
    std::string last_loss_;
    // A broker that has restarted may have forgotten what came after the first so many.
    std::uint64_t forgotten_after_ = UINT64_MAX;
    std::optional<TimePoint> recovers_until_;  // none: it is away, or was not
    std::optional<Executor::TimerId> redelivery_timer_;
    bool is_recovering_ = false;           // it drains, and consumes for what comes again alone
    std::vector<DeliveryId> passed_over_;  // meanwhile: the next server's
    bool consuming_ = false;
    bool has_consumed_ = false;
    bool stopping_ = false;
    bool stopped_ = false;
    bool abandoned_ = false;  // what is not sent yet never will be
    std::vector<std::move_only_function<void()>> on_drained_;
};

}  // namespace warren::runtime
