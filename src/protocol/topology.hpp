#pragma once

#include <warren/dynamic.hpp>
#include <warren/listener.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::protocol {

/// What must exist in a broker before messages flow: data that a transport declares, and declares
/// again after every reconnect. Names and meanings are AMQP's [AMQP 0-9-1 1.6, 1.7].
struct Exchange {
    std::string name{};
    std::string type = "direct";
    bool durable = false;
    bool auto_delete = false;
    bool passive = false;  // must exist already, in whatever shape
    Dynamic arguments{};
};

struct Queue {
    std::string name{};  // empty: the broker chooses one
    bool durable = false;
    bool exclusive = false;
    bool auto_delete = false;
    bool passive = false;
    Dynamic arguments{};  // x-queue-type, x-expires, x-message-ttl, ...
};

struct Binding {
    std::string queue{};  // empty: the queue the broker named
    std::string exchange{};
    std::string routing_key{};          // `routing_key_is_queue` replaces it
    bool routing_key_is_queue = false;  // for a queue the broker names
};

/// Whether a server's replies may close the channel that its queue is consumed on.
enum class RepliesOn : std::uint8_t {
    shared_channel,  // replies and acknowledgements keep their order
    own_channel,     // callers' exchanges go with them, and the server's queue with its channel;
                     // a request is acknowledged once its reply is confirmed
};

struct Topology {
    std::vector<Exchange> exchanges{};
    std::vector<Queue> queues{};
    std::vector<Binding> bindings{};
    RepliesOn replies_on = RepliesOn::shared_channel;  // of a server
};

/// A broker by what it refuses of that.
enum class BrokerCompat : std::uint8_t {
    rabbitmq_4_3,  // queues that are neither durable nor exclusive          [RabbitMQ 4.3, release
                   // notes: transient_nonexcl_queues]
};
inline constexpr std::string_view broker_compat_words[] = {"4.3"};  // as BrokerCompat

inline constexpr std::string_view queue_type_words[] = {"classic", "quorum"};  // as QueueType

/// What a user may change of a protocol's default topology; unset members leave it as it is.
struct TopologyOverrides {
    std::optional<bool> durable{};
    std::optional<bool> exclusive{};
    std::optional<bool> auto_delete{};
    std::optional<QueueType> queue_type{};
    Dynamic arguments{};  // added to the queue's
};

/// Change a queue as the user wants it. A quorum queue is durable and stays, whatever the
/// protocol's default.                                                        [RabbitMQ, quorum
/// queues]
void apply(const TopologyOverrides& overrides, Queue& queue);

/// For how long nobody has to consume a queue that is never consumed again, for the broker to
/// delete it.
inline constexpr std::chrono::minutes abandoned_queue_expires{30};
/// What says so.
Dynamic abandoned_queue_arguments();

/// Change what such a broker would refuse into what it takes and does the same: a queue becomes
/// durable, and one that would go with its last consumer expires, too.
/// in   compat: unset: nothing is refused
void suit(std::optional<BrokerCompat> compat, Topology& topology);

/// What such a broker refuses of a queue's arguments; empty: nothing.
std::string_view refused_argument(BrokerCompat compat, const Dynamic& arguments) noexcept;

/// How a broker keeps a request that nobody gets done from coming again for ever.
struct DeadLetters {
    std::string queue{};  // where it goes then; empty: nothing of this is declared
    std::int64_t deliveries_max = 0;
};

/// Whether a queue counts deliveries.
bool is_quorum(const Queue& queue) noexcept;

/// Limit how often a server's quorum queue delivers a message, and declare where it goes then, but
/// for what the user said of that. Other queues have no such limit.      [RabbitMQ, quorum queues]
/// out  whether the queue has a limit now
bool limit_deliveries(const DeadLetters& wanted, Topology& topology);

}  // namespace warren::protocol
