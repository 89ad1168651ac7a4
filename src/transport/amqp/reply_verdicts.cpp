#include "transport/amqp/reply_verdicts.hpp"

#include "transport/amqp/direct_address.hpp"

namespace warren::transport {
namespace {

// Keys of nodes begin with a letter, those of addresses with this.
constexpr char address_mark = '\0';
// The key of all direct addresses that cannot be read.
constexpr std::string_view unreadable = "unreadable";

bool is_unreadable(const protocol::MessageView& reply) {
    return protocol::is_direct_reply(reply.routing_key) && node_of(reply.routing_key).empty();
}

}  // namespace

const std::string& ReplyVerdicts::key_of(const protocol::MessageView& reply) {
    key_ = node_of(reply.routing_key);
    if (key_.empty()) {
        key_.append(1, address_mark).append(reply.exchange).append(1, '\0');
        key_.append(reply.routing_key);
    }
    return key_;
}

NameSet& ReplyVerdicts::known_of(const std::string& key) noexcept {
    return key.front() == address_mark ? addresses_ : nodes_;
}

bool ReplyVerdicts::is_known(const protocol::MessageView& reply) {
    const std::string& key = key_of(reply);
    return known_of(key).contains(key);
}

/// Callers come again: what is known of the last address saves most of the work.
bool ReplyVerdicts::is_suspect(const protocol::MessageView& reply, runtime::TimePoint now) {
    const bool is_direct = protocol::is_direct_reply(reply.routing_key);
    const bool is_strange = is_direct && reply.routing_key != good_address_;
    if (!is_strange && now >= distrusts_until_) {
        return is_too_large(reply);
    }
    if (!is_good(reply)) {
        return true;
    }
    if (is_direct) {
        good_address_ = reply.routing_key;
    }
    return false;
}

bool ReplyVerdicts::is_hopeless(const protocol::MessageView& reply, runtime::TimePoint now) {
    renew(now);
    const std::string& key = key_of(reply);
    if (hopeless_.contains(key)) {
        return true;
    }
    if (!protocol::is_direct_reply(reply.routing_key) || known_of(key).contains(key)) {
        return false;
    }
    return breaks_ >= breaks_max || new_nodes_ >= nodes_max ||
           (is_unreadable(reply) && hopeless_.contains(unreadable));
}

bool ReplyVerdicts::is_risky(const protocol::MessageView& reply, runtime::TimePoint now) {
    return is_stranger(reply) && (is_unreadable(reply) || !is_calm(now));
}

void ReplyVerdicts::taken(const protocol::MessageView& reply) {
    if (is_too_large(reply)) {
        refused_bytes_min_ = reply.body.size() + 1;
    }
    const std::string& key = key_of(reply);
    NameSet& known = known_of(key);
    new_nodes_ += &known == &nodes_ && !known.contains(key) ? 1 : 0;
    known.add(key);
    hopeless_.remove(key);
    if (is_unreadable(reply)) {
        known.add(unreadable);
    }
}

void ReplyVerdicts::cost_connection(const protocol::MessageView& reply, runtime::TimePoint now) {
    renew(now);
    ++breaks_;
    const std::string& key = key_of(reply);
    known_of(key).remove(key);
    hopeless_.add(key);
    // A broker that takes some of these reads what we do not.
    if (is_unreadable(reply) && !addresses_.contains(unreadable)) {
        hopeless_.add(unreadable);
    }
}

void ReplyVerdicts::lost_channel(runtime::TimePoint now) {
    addresses_ = {};
    distrust(now);
}

void ReplyVerdicts::distrust(runtime::TimePoint now) {
    distrusts_until_ = now + distrust_lasts;
    good_address_.clear();
}

/// What was spent on strangers is not to be at the expense of those that were known.
void ReplyVerdicts::lost_connection(runtime::TimePoint now) {
    nodes_ = {};
    addresses_ = {};
    since_ = now;
    breaks_ = 1;
    new_nodes_ = 0;
    distrust(now);
}

void ReplyVerdicts::renew(runtime::TimePoint now) {
    if (now - since_ >= window) {
        since_ = now;
        breaks_ = 0;
        new_nodes_ = 0;
        hopeless_ = {};
    }
}

}  // namespace warren::transport
