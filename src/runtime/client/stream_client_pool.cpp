#include "runtime/client/stream_client_pool.hpp"

#include "core/assert.hpp"
#include "runtime/client/client_failures.hpp"

#include <algorithm>
#include <utility>

namespace warren::runtime {

StreamClientPool::StreamClientPool(StreamConnector& connector, protocol::ResponseOrder order,
                                   const StreamPoolOptions& options, std::uint32_t seed)
    : connector_{connector},
      is_in_order_{order == protocol::ResponseOrder::as_requested},
      options_{options},
      random_{seed},
      servers_(connector.address_count()) {
    WARREN_ASSERT(!servers_.empty());
}

StreamClientSession* StreamClientPool::next(TimePoint now) noexcept {
    StreamClientSession* avoided = nullptr;  // better than none
    for (std::size_t tried = 0; tried < ready_.size(); ++tried) {
        if (next_ready_ >= ready_.size()) {
            next_ready_ = 0;
        }
        StreamClientSession* const session = ready_[next_ready_++];
        if (is_in_order_ && !session->slots.empty()) {
            continue;
        }
        if (session->is_on_trial() && *session->trial_until > now) {
            continue;
        }
        if (is_avoided(servers_[session->address()], now)) {
            avoided = avoided == nullptr ? session : avoided;
            continue;
        }
        return is_in_order_ ? session : instead_of(*session);
    }
    return avoided != nullptr && is_better_coming(now) ? nullptr : avoided;
}

bool StreamClientPool::is_avoided(const Server& server, TimePoint now) const noexcept {
    return servers_.size() > 1 && (server.avoided_until > now || server.doubted_until > now);
}

/// Where each connection has one call, a further one to a good server may be worth waiting for.
bool StreamClientPool::is_better_coming(TimePoint now) const noexcept {
    return is_in_order_ && std::ranges::any_of(servers_, [&](const Server& server) {
               return !is_avoided(server, now) &&
                      (server.connecting != 0 ||
                       (may_connect(server, now) &&
                        ready_.size() + connecting_ < options_.connections_max));
           });
}

void StreamClientPool::doubt(const StreamClientSession& session, TimePoint now,
                             bool can_ask) noexcept {
    Server& server = servers_[session.address()];
    if (can_ask) {
        server.doubted_until = TimePoint::max();
    } else if (server.doubted_until <= now) {
        server.doubted_until =
            now + backoff_after(++server.doubts, options_.doubt_backoff, random_);
    }
}

void StreamClientPool::trust(Server& server) noexcept {
    server.failures = 0;
    server.is_refused = false;
    server.why.reset();
    server.doubts = 0;
    server.doubted_until = {};
}

void StreamClientPool::on_trial_failed(const StreamClientSession& session, const Failure& why) {
    last_failed_ = session.address();
    Server& server = servers_[last_failed_];
    ++server.failures;
    server.why = why;
    server.is_refused = why.code == Code::unauthenticated;
}

void StreamClientPool::avoid(const StreamClientSession& session, TimePoint until) noexcept {
    servers_[session.address()].avoided_until = until;
}

/// Calls that the responses of one read set off go out together where these came from, in one
/// write. Dealt out in turn they would be as many writes as there are connections.
StreamClientSession* StreamClientPool::instead_of(StreamClientSession& session) noexcept {
    StreamClientSession* const answered = servers_[session.address()].last_answered;
    const bool has_less_to_do =
        answered != nullptr && answered->slots.size() < session.slots.size();
    return has_less_to_do ? answered : &session;
}

void StreamClientPool::connect_due(TimePoint now, std::size_t waiting) {
    if (is_in_order_) {
        connect_for(now, waiting);
    } else {
        connect_each(now);
    }
}

/// Of a server that may be down one attempt at a time tells as much as several.
bool StreamClientPool::may_connect(const Server& server, TimePoint now) const noexcept {
    return server.retry_at <= now && (server.ready != 0 || server.connecting == 0);
}

bool StreamClientPool::is_missing(const Server& server) const noexcept {
    return server.ready + server.connecting < options_.connections_per_address;
}

void StreamClientPool::connect_each(TimePoint now) {
    is_incomplete_ = false;
    for (std::size_t address = 0; address < servers_.size(); ++address) {
        const Server& server = servers_[address];
        while (is_missing(server) && may_connect(server, now)) {
            connect(address);
        }
        is_incomplete_ |= server.ready < options_.connections_per_address;
    }
}

void StreamClientPool::connect_for(TimePoint now, std::size_t waiting) {
    while (connecting_ < waiting && ready_.size() + connecting_ < options_.connections_max) {
        const Server* const server = choose(now);
        if (server == nullptr) {
            return;
        }
        connect(static_cast<std::size_t>(server - servers_.data()));
    }
}

/// The one that has the fewest connections of those that may be connected to; of those that do not
/// answer only if there is no other.
StreamClientPool::Server* StreamClientPool::choose(TimePoint now) noexcept {
    Server* chosen = nullptr;
    for (Server& server : servers_) {
        const auto rank = [&](const Server& each) {
            return std::pair{is_avoided(each, now), each.ready + each.connecting};
        };
        if (may_connect(server, now) && (chosen == nullptr || rank(server) < rank(*chosen))) {
            chosen = &server;
        }
    }
    return chosen;
}

void StreamClientPool::connect(std::size_t address) {
    ++servers_[address].connecting;
    ++connecting_;
    addresses_.emplace(++last_token_, address);
    connector_.connect(address, last_token_);
}

std::optional<TimePoint> StreamClientPool::next_attempt(TimePoint now) const noexcept {
    std::optional<TimePoint> first;
    if (is_in_order_ && ready_.size() + connecting_ >= options_.connections_max) {
        return first;
    }
    for (const Server& server : servers_) {
        const bool is_wanted = is_in_order_ ? server.connecting == 0 : is_missing(server);
        if (is_wanted && server.retry_at > now && (!first || server.retry_at < *first)) {
            first = server.retry_at;
        }
    }
    return first;
}

/// An attempt is over; gives its address.
std::size_t StreamClientPool::settle(std::uint64_t token) {
    const auto found = addresses_.find(token);
    const std::size_t address = found->second;
    addresses_.erase(found);
    --connecting_;
    --servers_[address].connecting;
    return address;
}

std::size_t StreamClientPool::on_connected(std::uint64_t token) {
    return settle(token);
}

void StreamClientPool::add(StreamClientSession& session) {
    ready_.push_back(&session);
    Server& server = servers_[session.address()];
    ++server.ready;
    if (!session.is_on_trial()) {
        server.failures = 0;
        server.is_refused = false;
        server.why.reset();
    }
}

void StreamClientPool::on_connect_failed(std::uint64_t token, const Failure& why, RetryClass retry,
                                         TimePoint now) {
    last_failed_ = settle(token);
    Server& server = servers_[last_failed_];
    ++server.failures;
    server.why = why;
    server.is_refused = retry == RetryClass::permanent;
    delay(server, now);
}

void StreamClientPool::delay(Server& server, TimePoint now) {
    server.retry_at = now + backoff_after(++server.delays, options_.connect_backoff, random_);
}

void StreamClientPool::remove(StreamClientSession& session, TimePoint now) {
    const auto found = std::ranges::find(ready_, &session);
    if (found == ready_.end()) {
        return;
    }
    ready_.erase(found);
    Server& server = servers_[session.address()];
    --server.ready;
    if (server.last_answered == &session) {
        server.last_answered = nullptr;
    }
    is_incomplete_ = true;
    if (!session.has_answered() || server.doubted_until > now) {
        delay(server, now);
    } else if (ready_.empty()) {
        // Who could not be reached meanwhile was not needed, and may be back.
        begin_anew();
    }
}

bool StreamClientPool::is_hopeless() const noexcept {
    std::uint32_t failures = 0;
    bool all_refused = true;
    for (const Server& server : servers_) {
        if (server.failures == 0) {
            return false;
        }
        failures += server.failures;
        all_refused &= server.is_refused;
    }
    return ready_.empty() && (all_refused || failures >= options_.connect_attempts);
}

Failure StreamClientPool::failure() const {
    std::uint32_t failures = 0;
    bool all_refused = true;
    for (const Server& server : servers_) {
        failures += server.failures;
        all_refused &= server.is_refused;
    }
    const Failure& last = *servers_[last_failed_].why;
    if (all_refused) {
        return unsent_failure(
            {.code = last.code,
             .message = "Not sent: no connection to " + display() + ": " + last.message,
             .peer_text = last.peer_text});
    }
    return {.code = Code::no_responder,
            .message = "Not sent: no connection to " + display() + " in " +
                       std::to_string(failures) +
                       (failures == 1 ? " attempt: " : " attempts, the last one: ") + last.message,
            .peer_text = last.peer_text};
}

void StreamClientPool::begin_anew() noexcept {
    for (Server& server : servers_) {
        server.failures = 0;
        server.delays = 0;
        server.retry_at = {};
        server.is_refused = false;
    }
}

bool StreamClientPool::is_busy() const noexcept {
    return is_in_order_ && !ready_.empty() &&
           std::ranges::none_of(
               ready_, [](const StreamClientSession* session) { return session->slots.empty(); });
}

bool StreamClientPool::has_connections() const noexcept {
    return std::ranges::any_of(
        ready_, [](const StreamClientSession* session) { return !session->is_on_trial(); });
}

const Failure* StreamClientPool::last_failure() const noexcept {
    const std::optional<Failure>& why = servers_[last_failed_].why;
    return why ? &*why : nullptr;
}

std::string StreamClientPool::display() const {
    constexpr std::size_t listed_max = 4;
    std::string text;
    for (std::size_t address = 0; address < std::min(servers_.size(), listed_max); ++address) {
        text += (address == 0 ? "" : ", ") + connector_.display(address);
    }
    if (servers_.size() > listed_max) {
        text += " or " + std::to_string(servers_.size() - listed_max) + " more";
    }
    return text;
}

}  // namespace warren::runtime
