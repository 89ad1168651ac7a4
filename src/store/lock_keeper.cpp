#include "store/lock_keeper.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace warren::store {
namespace {

using namespace std::chrono_literals;

/// How often those ask who wait.
constexpr std::chrono::milliseconds turn_pause{25};
/// A place in the queue is kept so long for a process that says nothing, and holds up the others.
constexpr std::chrono::milliseconds notice_max{5'000};
constexpr int renewals_per_lease = 3;
/// When what could not be renewed is tried again, at the latest.
constexpr std::chrono::milliseconds renewal_pause_max{1'000};

Failure too_late(const std::string& store) {
    return {.code = Code::overloaded,
            .message = store + " took longer to give the lock than its lease is"};
}

}  // namespace

LockKeeper::LockKeeper(CallSession& session, std::chrono::milliseconds lease) noexcept
    : session_{session}, terms_{.lease = lease, .notice = std::min(lease, notice_max)} {}

std::expected<void, Failure> LockKeeper::change(Changes& changes) {
    changes.insert(changes.begin(), std::make_move_iterator(unwritten_.begin()),
                   std::make_move_iterator(unwritten_.end()));
    unwritten_.clear();
    for (std::size_t at = 0; at < changes.size(); ++at) {
        changes[at].number = at;
    }
    std::ranges::sort(changes, {}, [](const Change& change) {
        return std::pair{std::string_view{change.lock->name}, change.number};
    });
    asked_at_ = std::chrono::steady_clock::now();
    for (Change& change : changes) {
        StoreLock& lock = *change.lock;
        std::expected<void, Failure> done;
        if (change.completion) {
            const auto answer = session_.ask_lock(lock.name, lock.place_, terms_);
            if (answer) {
                lock.token_.store(answer->token, std::memory_order_relaxed);
                lock.place_ = answer->place;
            } else {
                done = std::unexpected{answer.error()};
            }
        } else if (lock.token() != 0) {
            done = session_.release_lock(lock.name, lock.token());
        } else if (lock.place_ != 0) {
            done = session_.leave_lock_queue(lock.place_);
        }
        if (!done) {
            return done;
        }
    }
    return {};
}

/// What was given by a transaction that failed is nobody's, or ends with its lease: its token is
/// not used to release it, as the store may give it to another one.
void LockKeeper::settle(Changes& changes, const std::expected<void, Failure>& written) {
    const TimePoint now = std::chrono::steady_clock::now();
    for (Change& change : changes) {
        const std::shared_ptr<StoreLock>& lock = change.lock;
        if (!change.completion) {
            held_.erase(lock.get());
            waiting_.erase(lock.get());
            if (!written && (lock->token() != 0 || lock->place_ != 0)) {
                unwritten_.push_back({.lock = lock});
            }
        } else if (!written) {
            lock->token_.store(0, std::memory_order_relaxed);
            lock->place_ = change.place_before;
            if (lock->place_ != 0) {
                unwritten_.push_back({.lock = lock});
            }
            change.completion(std::unexpected{written.error()});
        } else if (lock->token() == 0) {
            const TimePoint soon = now + turn_pause;
            poll_at_ = waiting_.empty() ? soon : std::min(poll_at_, soon);
            renew_at_ = std::min(due() ? renew_at_ : TimePoint::max(),
                                 now + terms_.notice / renewals_per_lease);
            waiting_.try_emplace(lock.get(), Waiting{lock, std::move(change.completion)});
        } else if (asked_at_ + terms_.lease <= now) {
            unwritten_.push_back({.lock = lock});
            change.completion(std::unexpected{too_late(session_.name())});
        } else {
            renew_at_ = std::min(due() ? renew_at_ : TimePoint::max(),
                                 asked_at_ + terms_.lease / renewals_per_lease);
            lock->until_.store(asked_at_ + terms_.lease, std::memory_order_relaxed);
            held_.emplace(lock.get(), lock);
            change.completion({});
        }
    }
}

std::optional<LockKeeper::TimePoint> LockKeeper::due() const noexcept {
    if (waiting_.empty()) {
        return held_.empty() ? std::nullopt : std::optional{renew_at_};
    }
    return std::min(poll_at_, renew_at_);
}

std::expected<void, Failure> LockKeeper::tend(Changes& changes) {
    const TimePoint now = std::chrono::steady_clock::now();
    std::expected<void, Failure> done;
    if (now >= renew_at_ && due()) {
        done = renew();
    }
    if (!waiting_.empty() && now >= poll_at_) {
        if (auto asked = ask_again(changes); !asked) {
            end(asked.error());
            done = std::move(asked);
        }
    }
    return done;
}

/// From before the store is asked: it counts from later on.
std::expected<void, Failure> LockKeeper::renew() {
    const TimePoint now = std::chrono::steady_clock::now();
    std::vector<const StoreLock*> lost;
    for (const auto& [lock, owned] : held_) {
        if (lock->until() <= now) {
            lost.push_back(lock);
        }
    }
    std::ranges::for_each(lost, [this](const StoreLock* lock) { lose(lock); });
    std::vector<std::uint64_t> held;
    const auto renewed = write_renewal(held);
    if (!renewed) {
        session_.rollback();
        renew_at_ = now + std::min<std::chrono::milliseconds>(renewal_pause_max, terms_.lease / 10);
        return renewed;
    }
    lost.clear();
    std::ranges::sort(held);
    for (const auto& [lock, owned] : held_) {
        if (std::ranges::binary_search(held, lock->token())) {
            owned->until_.store(now + terms_.lease, std::memory_order_relaxed);
        } else {
            lost.push_back(lock);
        }
    }
    std::ranges::for_each(lost, [this](const StoreLock* lock) { lose(lock); });
    renew_at_ = now + (waiting_.empty() ? terms_.lease : terms_.notice) / renewals_per_lease;
    return {};
}

std::expected<void, Failure> LockKeeper::write_renewal(std::vector<std::uint64_t>& held) {
    std::vector<std::uint64_t> tokens;
    std::vector<std::int64_t> places;
    tokens.reserve(held_.size());
    places.reserve(waiting_.size());
    for (const auto& [lock, owned] : held_) {
        tokens.push_back(lock->token());
    }
    for (const auto& [lock, waiting] : waiting_) {
        places.push_back(lock->place_);
    }
    if (tokens.empty() && places.empty()) {
        return {};
    }
    auto done = session_.begin(tokens.empty() ? Durability::process : Durability::machine);
    if (!done) {
        return done;
    }
    auto renewed = session_.renew_locks(tokens, places, terms_);
    if (!renewed) {
        return std::unexpected{std::move(renewed.error())};
    }
    held = std::move(*renewed);
    return session_.commit();
}

void LockKeeper::lose(const StoreLock* lock) {
    const auto found = held_.find(lock);
    const std::shared_ptr<StoreLock> lost = std::move(found->second);
    held_.erase(found);
    lost->on_lost();
}

std::expected<void, Failure> LockKeeper::ask_again(Changes& changes) {
    std::vector<std::int64_t> places;
    places.reserve(waiting_.size());
    for (const auto& [lock, waiting] : waiting_) {
        places.push_back(lock->place_);
    }
    auto turns = session_.lock_turns(places);
    if (!turns) {
        return std::unexpected{std::move(turns.error())};
    }
    std::ranges::sort(*turns);
    Changes asked;
    for (auto at = waiting_.begin(); at != waiting_.end();) {
        Waiting& waiting = at->second;
        const std::int64_t place = waiting.lock->place_;
        if (!std::ranges::binary_search(*turns, place)) {
            ++at;
            continue;
        }
        asked.push_back({.lock = std::move(waiting.lock),
                         .completion = std::move(waiting.completion),
                         .place_before = place});
        at = waiting_.erase(at);
    }
    changes.insert(changes.begin(), std::make_move_iterator(asked.begin()),
                   std::make_move_iterator(asked.end()));
    poll_at_ = std::chrono::steady_clock::now() + turn_pause;
    return {};
}

void LockKeeper::end(const Failure& why) {
    for (auto& [key, waiting] : std::exchange(waiting_, {})) {
        unwritten_.push_back({.lock = waiting.lock});
        waiting.completion(std::unexpected{why});
    }
}

}  // namespace warren::store
