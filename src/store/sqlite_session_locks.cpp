#include "store/sqlite_session.hpp"

#include <utility>

// Locks among the processes of one machine. Whether a process lives, the system says at once, so
// that a lease has to be waited for only when one lives and does not say so.
namespace warren::store {
namespace {

/// No lease is longer: what would end later than that is of before the machine began anew.
constexpr std::int64_t sqlite_lease_max_ms = std::int64_t{2} * 60 * 60 * 1000;

/// Who was away for a moment has its place again.
constexpr std::int64_t sqlite_kept_ms = std::int64_t{60} * 1000;

std::int64_t steady_ms() noexcept {
    const auto time = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

std::int64_t SqliteSession::expiry(std::chrono::milliseconds lease) const noexcept {
    return steady_ms() + lease.count();
}

bool SqliteSession::is_over(std::int64_t owner, std::int64_t expires_at_ms) const noexcept {
    const std::int64_t now = steady_ms();
    return expires_at_ms <= now || expires_at_ms > now + sqlite_lease_max_ms ||
           !owner_.lives(owner);
}

/// Whether nobody waits for a lock who comes before a place, or before whoever has none (0).
std::expected<bool, Failure> SqliteSession::is_first(std::string_view name, std::int64_t place) {
    Statement& waiting = locks_.waiting;
    waiting.bind_blob(1, name);
    int result = waiting.step();
    bool is_first = true;
    for (; is_first && result == SQLITE_ROW; result = waiting.step()) {
        const std::int64_t id = waiting.signed_number(0);
        if (id == place) {
            break;
        }
        is_first = is_over(waiting.signed_number(1), waiting.signed_number(2));
    }
    waiting.reset();
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        return std::unexpected{failure()};
    }
    return is_first;
}

std::expected<bool, Failure> SqliteSession::is_free(std::string_view name) {
    locks_.held.bind_blob(1, name);
    const int result = locks_.held.step();
    const bool is_free = result == SQLITE_DONE ||
                         (result == SQLITE_ROW &&
                          is_over(locks_.held.signed_number(0), locks_.held.signed_number(1)));
    locks_.held.reset();
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        return std::unexpected{failure()};
    }
    return is_free;
}

std::expected<std::uint64_t, Failure> SqliteSession::take_lock(const std::string& name,
                                                               const LockTerms& terms) {
    const bool is_counted = locks_.next.step() == SQLITE_ROW;
    const std::uint64_t token = is_counted ? locks_.next.number(0) : 0;
    locks_.next.reset();
    locks_.take.bind_blob(1, name);
    locks_.take.bind(2, token);
    locks_.take.bind(3, owner_.number());
    locks_.take.bind(4, expiry(terms.lease));
    if (!is_counted || locks_.take.run() != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    return token;
}

std::expected<LockAnswer, Failure> SqliteSession::ask_lock(const std::string& name,
                                                           std::int64_t place,
                                                           const LockTerms& terms) {
    const auto is_next = is_first(name, place);
    const auto is_there = is_next && *is_next ? is_free(name) : is_next;
    if (!is_there) {
        return std::unexpected{is_there.error()};
    }
    if (*is_there) {
        const auto token = take_lock(name, terms);
        if (!token) {
            return std::unexpected{token.error()};
        }
        if (const auto left = leave_lock_queue(place); !left) {
            return std::unexpected{left.error()};
        }
        return LockAnswer{.token = *token};
    }
    locks_.wait_on.bind(1, place);
    locks_.wait_on.bind(2, expiry(terms.notice));
    if (locks_.wait_on.run() != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    if (place != 0 && database_.changes() != 0) {
        return LockAnswer{.place = place};
    }
    locks_.queue.bind_blob(1, name);
    locks_.queue.bind(2, owner_.number());
    locks_.queue.bind(3, expiry(terms.notice));
    const bool is_queued = locks_.queue.step() == SQLITE_ROW;
    const LockAnswer answer{.place = is_queued ? locks_.queue.signed_number(0) : 0};
    locks_.queue.reset();
    if (!is_queued) {
        return std::unexpected{failure()};
    }
    return answer;
}

std::expected<void, Failure> SqliteSession::release_lock(const std::string& name,
                                                         std::uint64_t token) {
    locks_.release.bind_blob(1, name);
    locks_.release.bind(2, token);
    return locks_.release.run() == SQLITE_OK ? std::expected<void, Failure>{}
                                             : std::unexpected{failure()};
}

std::expected<void, Failure> SqliteSession::leave_lock_queue(std::int64_t place) {
    locks_.leave.bind(1, place);
    return locks_.leave.run() == SQLITE_OK ? std::expected<void, Failure>{}
                                           : std::unexpected{failure()};
}

std::expected<std::vector<std::uint64_t>, Failure> SqliteSession::renew_locks(
    std::span<const std::uint64_t> tokens, std::span<const std::int64_t> places,
    const LockTerms& terms) {
    std::vector<std::uint64_t> held;
    for (const std::uint64_t token : tokens) {
        locks_.renew.bind(1, token);
        locks_.renew.bind(2, expiry(terms.lease));
        locks_.renew.bind(3, owner_.number());
        const int result = locks_.renew.step();
        locks_.renew.reset();
        if (result == SQLITE_ROW) {
            held.push_back(token);
        } else if (result != SQLITE_DONE) {
            return std::unexpected{failure()};
        }
    }
    for (const std::int64_t place : places) {
        locks_.wait_on.bind(1, place);
        locks_.wait_on.bind(2, expiry(terms.notice));
        if (locks_.wait_on.run() != SQLITE_OK) {
            return std::unexpected{failure()};
        }
    }
    const std::int64_t now = steady_ms();
    for (Statement* const clean : {&locks_.clean_held, &locks_.clean_waiting}) {
        clean->bind(1, now - sqlite_kept_ms);
        clean->bind(2, now + sqlite_lease_max_ms);
        if (clean->run() != SQLITE_OK) {
            return std::unexpected{failure()};
        }
    }
    return held;
}

std::expected<std::vector<std::int64_t>, Failure> SqliteSession::lock_turns(
    std::span<const std::int64_t> places) {
    if (auto opened = reopen(); !opened) {
        return std::unexpected{std::move(opened.error())};
    }
    std::vector<std::int64_t> turns;
    for (const std::int64_t place : places) {
        locks_.place.bind(1, place);
        const int result = locks_.place.step();
        const std::string name{result == SQLITE_ROW ? locks_.place.blob(0) : std::string_view{}};
        locks_.place.reset();
        if (result != SQLITE_ROW && result != SQLITE_DONE) {
            return std::unexpected{failure()};
        }
        auto is_turn = result == SQLITE_DONE ? true : is_first(name, place);
        if (result == SQLITE_ROW && is_turn && *is_turn) {
            is_turn = is_free(name);
        }
        if (!is_turn) {
            return std::unexpected{std::move(is_turn.error())};
        }
        if (*is_turn) {
            turns.push_back(place);
        }
    }
    return turns;
}

std::expected<bool, Failure> SqliteSession::holds_lock(const std::string& name,
                                                       std::uint64_t token) {
    locks_.is_held.bind_blob(1, name);
    locks_.is_held.bind(2, token);
    const int result = locks_.is_held.step();
    locks_.is_held.reset();
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        return std::unexpected{failure()};
    }
    return result == SQLITE_ROW;
}

}  // namespace warren::store
