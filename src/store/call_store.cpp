#include "store/call_store.hpp"

#include "store/call_store_waiting.hpp"
#include "store/file_size_signal.hpp"
#include "store/unix_time.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace warren::store {
namespace {

/// After which time what could not be written is tried again.
constexpr std::chrono::milliseconds failing_pause{1'000};

}  // namespace

CallStore::CallStore(std::unique_ptr<CallSession> session, CallStoreOptions options)
    : session_{std::move(session)},
      options_{std::move(options)},
      name_{session_->name()},
      locks_{*session_, options_.lock_lease} {
    thread_ = std::thread{[this] { run(); }};
}

CallStore::~CallStore() {
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void CallStore::claim(ClaimRequest request, Completion<Claimed> completion) {
    counters_.claims.fetch_add(1, std::memory_order_relaxed);
    put([&](Batch& next) {
        next.claims.push_back({.request = std::move(request), .completion = std::move(completion)});
    });
}

void CallStore::keep(HeldCall call, std::string response, Completion<bool> completion) {
    put([&](Batch& next) {
        next.keeps.push_back({.call = std::move(call),
                              .response = std::move(response),
                              .completion = std::move(completion)});
    });
}

void CallStore::let_go(HeldCall call, LetGo how) {
    put([&](Batch& next) { next.leaves.push_back({.call = std::move(call), .how = how}); });
}

void CallStore::lock(std::shared_ptr<StoreLock> lock, Completion<void> completion) {
    put([&](Batch& next) {
        next.locks.push_back({.lock = std::move(lock), .completion = std::move(completion)});
    });
}

void CallStore::unlock(std::shared_ptr<StoreLock> lock) {
    put([&](Batch& next) { next.locks.push_back({.lock = std::move(lock)}); });
}

void CallStore::run() {
    const FileSizeSignalBlocked blocked;
    while (auto batch = await_batch()) {
        if (const auto due = locks_.due(); due && *due <= std::chrono::steady_clock::now()) {
            note(locks_.tend(batch->locks));
        }
        if (batch->empty() && !has_to_try()) {
            continue;
        }
        tried_at_ = std::chrono::steady_clock::now();
        write(*batch);
    }
    locks_.end({.code = Code::cancelled, .message = name_ + " is closed"});
}

std::optional<CallStore::Batch> CallStore::await_batch() {
    const auto turn = next_turn();
    std::unique_lock lock{mutex_};
    const auto is_wanted = [this] { return is_ending_ || !next_.empty(); };
    if (turn) {
        wake_.wait_until(lock, *turn, is_wanted);
    } else {
        wake_.wait(lock, is_wanted);
    }
    if (is_ending_ && next_.empty()) {
        return std::nullopt;
    }
    return std::exchange(next_, {});
}

/// Whether the store is to be asked also when no call is: while it fails, as whoever asks whether
/// the server is ready may send none until then.
bool CallStore::has_to_try() const noexcept {
    const bool is_behind = !unwritten_.empty() || locks_.has_unwritten() ||
                           counters_.is_failing.load(std::memory_order_relaxed);
    const auto now = std::chrono::steady_clock::now();
    return (is_behind && tried_at_ + failing_pause <= now) ||
           (forget_dead_at_ && *forget_dead_at_ <= now);
}

/// When the thread has to do something that nobody asks for; unset: never.
std::optional<std::chrono::steady_clock::time_point> CallStore::next_turn() const noexcept {
    auto turn = locks_.due();
    if (!unwritten_.empty() || locks_.has_unwritten() ||
        counters_.is_failing.load(std::memory_order_relaxed)) {
        turn = std::min(turn.value_or(tried_at_ + failing_pause), tried_at_ + failing_pause);
    }
    if (forget_dead_at_) {
        turn = std::min(turn.value_or(*forget_dead_at_), *forget_dead_at_);
    }
    return turn;
}

std::expected<void, Failure> CallStore::transact(Batch& batch) {
    auto written = session_->begin(batch.durability());
    bool has_changed = false;
    if (written) {
        const auto changed = change(batch);
        has_changed = changed.value_or(false);
        written = changed ? std::expected<void, Failure>{} : std::unexpected{changed.error()};
    }
    if (has_changed) {
        written = session_->commit();
        counters_.commits.fetch_add(1, std::memory_order_relaxed);
    }
    if (!written || !has_changed) {
        session_->rollback();
    }
    return written;
}

/// What ends comes before what begins: it may be one call. All who share a store take records in
/// one order, so that none waits for another who waits for it.
/// out  whether there is anything to commit
std::expected<bool, Failure> CallStore::change(Batch& batch) {
    const std::int64_t now_ms = unix_ms_now();
    std::ranges::sort(batch.keeps, {},
                      [](const Keep& keep) { return std::string_view{keep.call.key}; });
    std::ranges::sort(batch.claims, {},
                      [](const Claim& claim) { return std::string_view{claim.request.key}; });
    for (const Leave& leave : batch.leaves) {
        if (auto left = session_->let_go(leave.call, leave.how); !left) {
            return std::unexpected{std::move(left.error())};
        }
    }
    for (Keep& keep : batch.keeps) {
        const auto kept = session_->keep(keep.call, keep.response, now_ms);
        if (!kept) {
            return std::unexpected{kept.error()};
        }
        keep.is_kept = *kept;
    }
    for (Waiting* const waiting : batch.commits) {
        if (auto changed = change(*waiting); !changed) {
            return std::unexpected{std::move(changed.error())};
        }
    }
    const auto operations = run_operations(batch, *session_, now_ms);
    if (!operations) {
        return operations;
    }
    if (auto forgotten = forget_dead(batch, now_ms); !forgotten) {
        return std::unexpected{std::move(forgotten.error())};
    }
    since_forgetting_ += batch.keeps.size() + batch.commits.size();
    if (since_forgetting_ >= keeps_between_forgetting) {
        since_forgetting_ = 0;
        if (auto forgotten = session_->forget(options_.limits, now_ms); !forgotten) {
            return std::unexpected{std::move(forgotten.error())};
        }
    }
    for (Claim& claim : batch.claims) {
        auto claimed = session_->claim(claim.request, now_ms);
        if (!claimed) {
            return std::unexpected{std::move(claimed.error())};
        }
        claim.claimed = std::move(*claimed);
    }
    if (auto locked = locks_.change(batch.locks); !locked) {
        return std::unexpected{std::move(locked.error())};
    }
    return *operations || batch.forgotten.count() != 0 ||
           !(batch.leaves.empty() && batch.keeps.empty() && batch.commits.empty() &&
             batch.claims.empty() && batch.locks.empty());
}

void CallStore::settle(Batch& batch, const std::expected<void, Failure>& written) {
    if (!batch.commits.empty()) {
        {
            const std::lock_guard lock{mutex_};
            for (Waiting* const waiting : batch.commits) {
                waiting->outcome = written;
                waiting->is_settled = true;
            }
        }
        settled_.notify_all();
    }
    if (written) {
        counters_.kept.fetch_add(batch.keeps.size() + batch.commits.size(),
                                 std::memory_order_relaxed);
    } else {
        counters_.failures.fetch_add(1, std::memory_order_relaxed);
    }
    for (Keep& keep : batch.keeps) {
        keep.completion(written ? std::expected<bool, Failure>{keep.is_kept}
                                : std::unexpected{written.error()});
    }
    settle_operations(batch, written);
    for (Claim& claim : batch.claims) {
        claim.completion(written ? std::expected<Claimed, Failure>{std::move(*claim.claimed)}
                                 : std::unexpected{written.error()});
    }
    locks_.settle(batch.locks, written);
}

/// Once for each time that it begins or ceases to fail, not for every batch.
void CallStore::note(const std::expected<void, Failure>& written) {
    const bool is_failing = counters_.is_failing.load(std::memory_order_relaxed);
    if (written && !is_failing) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!written) {
        failed_at_ = now;
        if (!counters_.is_failing.exchange(true) && options_.log) {
            options_.log->error(to_string(written.error()));
        }
    } else if (now - failed_at_ >= options_.calm_min) {
        counters_.is_failing.store(false);
        if (options_.log) {
            options_.log->info(name_ + " is written again");
        }
    }
}

}  // namespace warren::store
