#pragma once

#include "protocol/message_view.hpp"
#include "runtime/executor.hpp"
#include "transport/amqp/name_set.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace warren::transport {

/// Which replies a broker takes and which cost a connection, by what they have in common: the node
/// of a direct address, otherwise the address itself. Anybody can invent addresses, of nodes, too:
/// so only some of those that nothing is known of are tried in a time.
/// thread the I/O thread
class ReplyVerdicts {
public:
    /// It is not to go with others: its like may break what it goes on, and after a break for a
    /// while each whose like has not been taken since.
    bool is_suspect(const protocol::MessageView& reply, runtime::TimePoint now);
    /// The broker has taken a reply like this one, and refused none so small.
    bool is_good(const protocol::MessageView& reply) {
        return !is_too_large(reply) && is_known(reply);
    }
    /// It goes to a direct address, and none like it has taken a reply.
    bool is_stranger(const protocol::MessageView& reply) {
        return protocol::is_direct_reply(reply.routing_key) && !is_known(reply);
    }
    /// It is not to be tried: one like it has cost a connection, or it is a stranger too many.
    bool is_hopeless(const protocol::MessageView& reply, runtime::TimePoint now);
    /// A stranger that is not worth a connection that others use.
    bool is_risky(const protocol::MessageView& reply, runtime::TimePoint now);
    /// Whether no connection was lost lately.
    bool is_calm(runtime::TimePoint now) {
        renew(now);
        return breaks_ == 0;
    }
    bool is_too_large(const protocol::MessageView& reply) const noexcept {
        return reply.body.size() >= refused_bytes_min_;
    }

    void taken(const protocol::MessageView& reply);
    /// It was what a connection ended over.
    void cost_connection(const protocol::MessageView& reply, runtime::TimePoint now);
    /// A connection ended, and nobody knows over which reply.
    void lost_connection(runtime::TimePoint now);
    /// A channel was closed, and nobody knows over which reply. None to a direct address does that.
    void lost_channel(runtime::TimePoint now);
    /// A reply of so many bytes was refused for its size.
    void refused_size(std::size_t bytes) noexcept {
        refused_bytes_min_ = std::min(refused_bytes_min_, bytes);
    }

    /// After a break.
    static constexpr std::chrono::minutes distrust_lasts{10};
    /// What is known against addresses counts so long, and so do the numbers below.
    static constexpr std::chrono::minutes window{1};
    /// Connections that strangers may cost.
    static constexpr int breaks_max = 8;
    /// Nodes that prove themselves. A cluster has few.
    static constexpr int nodes_max = 64;

private:
    const std::string& key_of(const protocol::MessageView& reply);
    NameSet& known_of(const std::string& key) noexcept;
    bool is_known(const protocol::MessageView& reply);
    void renew(runtime::TimePoint now);
    void distrust(runtime::TimePoint now);

    NameSet nodes_;
    NameSet addresses_;
    NameSet hopeless_;  // of both kinds, and `unreadable`
    runtime::TimePoint since_{};
    int breaks_ = 0;
    int new_nodes_ = 0;
    std::size_t refused_bytes_min_ = SIZE_MAX;
    runtime::TimePoint distrusts_until_{};
    std::string good_address_;  // the last direct one
    std::string key_;
};

}  // namespace warren::transport
