#pragma once

#include <warren/error.hpp>

#include "protocol/message_view.hpp"
#include "protocol/moved_request.hpp"
#include "protocol/topology.hpp"
#include "runtime/executor.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

/// Where the runtime and a transport of messages meet: each transport is implemented over AMQP and
/// in memory, each sink by the runtime. All their calls happen on the I/O thread of the transport's
/// executor.
namespace warren::runtime {

/// One delivery of one connection. The generation counts connections: a delivery of an earlier one
/// cannot be acknowledged any more, the broker delivers it again.
struct DeliveryId {
    std::uint64_t generation = 0;
    std::uint64_t tag = 0;

    friend bool operator==(const DeliveryId&, const DeliveryId&) = default;
};

/// What became of a delivery that was to be settled.
enum class Settlement : std::uint8_t {
    sent,           // reply and acknowledgement are on their way
    not_connected,  // nothing could be sent: of this generation it will be delivered again
    on_trial,       // the reply goes apart from others: `ServerSink::on_tried` follows, and until
                    // then nothing is acknowledged
};

class ServerTransport {
public:
    virtual ~ServerTransport() = default;
    virtual Executor& executor() noexcept = 0;
    /// Send the reply, when there is one, then acknowledge: both leave in the same write, in that
    /// order. For a delivery of an earlier generation: the reply alone.
    virtual Settlement settle(DeliveryId delivery, const protocol::MessageView* reply) = 0;
    /// Send a message that settles nothing, such as a part of a reply.
    /// out  false: there is no connection
    bool send(const protocol::MessageView& message) {
        return settle({}, &message) != Settlement::not_connected;
    }
    /// Requeue it: the broker delivers it again, here or elsewhere.
    virtual void requeue(DeliveryId delivery) = 0;
    /// Give it up: a broker whose queue has dead letters keeps it there, any other one drops it.
    virtual void reject(DeliveryId delivery) { (void)settle(delivery, nullptr); }
    /// Take no deliveries for now; `ServerSink::on_paused` follows, after the last one, unless the
    /// connection is lost before. `stop_consuming` ends it, too.
    /// out  false: it cannot
    virtual bool pause() { return false; }
    virtual void unpause() {}
    /// Whether `move` can.
    virtual bool can_move() const noexcept { return false; }
    /// Put a request into another queue; `ServerSink::on_moved` follows, unless the connection is
    /// lost before. Until then its delivery is not to be settled.
    /// in   only where `can_move`
    virtual void move(DeliveryId /*delivery*/, const protocol::MessageView& /*request*/,
                      const protocol::RequestMove& /*move*/) {}
    /// Take no further deliveries; `ServerSink::on_stopped` follows. What was delivered stays
    /// valid.
    virtual void stop_consuming() = 0;
    /// Consume again after `stop_consuming`, until the next one.
    virtual void resume_consuming() = 0;
    /// Ask the broker what it answers when it has read all that was settled before:
    /// `ServerSink::on_heard` follows, unless the connection is lost.
    /// out  false: there is nobody to ask
    virtual bool ask() { return false; }
    /// Whether `ServerSink::on_control` tells of what comes over the control route.
    virtual bool hears_control() const noexcept { return false; }
};

class ServerSink {
public:
    virtual ~ServerSink() = default;
    /// in  valid during the call only
    virtual void on_delivery(DeliveryId delivery, const protocol::MessageView& message) = 0;
    /// Consuming: topology is declared and the consumer is confirmed.
    virtual void on_consuming(std::uint64_t generation) = 0;
    /// Connected again after `stop_consuming`: replies can be sent, and nothing is consumed.
    virtual void on_connected(std::uint64_t /*generation*/) {}
    /// Deliveries of this generation can no longer be settled.
    virtual void on_lost(std::uint64_t generation, const Failure& why) = 0;
    /// Nothing comes for now, as the broker has cancelled the consumer or an exchange is gone. What
    /// was delivered stays valid; `on_consuming` of the same generation follows, or `on_lost`.
    virtual void on_interrupted(const Failure& /*why*/) {}
    /// The broker cannot be reached: it may have restarted when it can again.
    virtual void on_unreachable() {}
    virtual void on_stopped() = 0;
    /// The broker has answered: it has read what was settled before it was asked.
    virtual void on_heard() {}
    /// A message of the control route (protocol/control.hpp) has come.
    virtual void on_control(const protocol::MessageView& /*message*/) {}
    /// How the reply to a delivery fared that was on trial: it can be acknowledged now.
    /// in  refused: why it cannot be sent; null: the broker has it
    virtual void on_tried(DeliveryId /*delivery*/, const Failure* /*refused*/) {}
    /// No deliveries come until `ServerTransport::unpause`.
    virtual void on_paused() {}
    /// What was to be put into another queue is there.
    /// in  failed: why it is not; null: the broker has confirmed it
    virtual void on_moved(DeliveryId /*delivery*/, const Failure* /*failed*/) {}
    /// The broker refuses a reply that counted as sent: its caller may be answered otherwise.
    virtual void on_reply_refused(const protocol::MessageView& /*reply*/, const Failure& /*why*/) {}
    /// A reply reaches nobody.
    /// in  delivery: of one on trial, which can be acknowledged now; none: it counted as sent
    virtual void on_reply_lost(DeliveryId /*delivery*/, const protocol::MessageView& /*reply*/,
                               const Failure& /*why*/) {}
};

/// Where a client stands with its broker.
class ClientTransport {
public:
    virtual ~ClientTransport() = default;
    virtual Executor& executor() noexcept = 0;
    /// Send a request, mandatory and confirmed. `ClientSink` hears of the token exactly once:
    /// on_accepted, on_returned, on_refused, on_dropped or on_lost.
    virtual void publish(std::uint64_t token, const protocol::MessageView& request) = 0;
    /// Bind the reply queue, now and after every reconnect. on_bound follows.
    virtual void bind_replies(std::uint64_t token, std::vector<protocol::Binding> bindings) = 0;
    /// What a request is to be sent with so that it comes back when the broker drops it (see
    /// `protocol::add_return_key`); empty: it does not.
    virtual std::string_view return_key() const noexcept { return {}; }
    /// Ask how many consumers a queue has. on_consumers follows, unless the connection is lost.
    /// out  false: there is nobody to ask
    virtual bool count_consumers(std::uint64_t /*token*/, std::string_view /*queue*/) {
        return false;
    }
    /// Send a message of the control route (protocol/control.hpp): nothing is heard of it.
    virtual void send_control(const protocol::MessageView& /*message*/) {}
    /// What connecting waits for, for messages; empty: nothing that is worth a word.
    virtual std::string progress() const { return {}; }
};

/// Whether replies to requests sent on a lost connection can still arrive.
enum class RepliesSurvive : std::uint8_t { no, yes };

class ClientSink {
public:
    virtual ~ClientSink() = default;
    /// Requests can be sent; replies come to this address.
    virtual void on_ready(std::string_view reply_address) = 0;
    virtual void on_reply(const protocol::MessageView& reply) = 0;
    /// The broker has the request in a queue.
    virtual void on_accepted(std::uint64_t token) = 0;
    /// No queue takes the request: nobody serves it. It took no effect.
    virtual void on_returned(std::uint64_t token, const Failure& why) = 0;
    /// The broker did not take the request (nack), or refused it with an error.
    virtual void on_refused(std::uint64_t token, const Failure& why) = 0;
    /// The broker never looked at the request, because of another one: it can be sent again.
    virtual void on_dropped(std::uint64_t token) = 0;
    virtual void on_bound(std::uint64_t token, const Failure* refused) = 0;
    /// in   consumers: or why the broker does not say
    virtual void on_consumers(std::uint64_t /*token*/,
                              const std::expected<std::uint32_t, Failure>& /*consumers*/) {}
    /// The connection is gone; the transport connects again by itself and calls on_ready. Tokens
    /// that were not heard of are forgotten: they may or may not have reached the broker.
    virtual void on_lost(const Failure& why, RepliesSurvive replies) = 0;
    /// The transport gave up: wrong credentials, say. Every call fails with this from now on until
    /// on_ready.
    virtual void on_failed(const Failure& why) = 0;
    /// The broker takes no messages. Where it is so from the beginning, on_ready comes next.
    virtual void on_blocked(std::string_view reason) = 0;
    virtual void on_unblocked() = 0;
};

}  // namespace warren::runtime
