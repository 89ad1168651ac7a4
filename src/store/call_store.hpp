#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>
#include <warren/transaction.hpp>

#include "store/call_session.hpp"
#include "store/lock_keeper.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace warren::store {

struct CallStoreOptions {
    RecordLimits limits{};
    RecordLimits dead_limits{};  // of calls that were given up
    /// When it begins to fail, when it goes on, and what is deleted that was given up; null:
    /// nowhere.
    std::shared_ptr<Log> log{};
    /// So long nothing failed when it goes on.
    std::chrono::milliseconds calm_min{10'000};
    /// So long a lock of the store stays with a process that does not say that it lives.
    std::chrono::milliseconds lock_lease{30'000};
};

/// What a store has done, for metrics.          thread any may read
struct CallStoreCounters {
    std::atomic<std::uint64_t> claims = 0;
    std::atomic<std::uint64_t> kept = 0;
    std::atomic<std::uint64_t> commits = 0;  // of the database: many share one
    std::atomic<std::uint64_t> failures = 0;
    // Calls that were given up, and went as their limits say.
    std::atomic<std::uint64_t> dead_too_old = 0;
    std::atomic<std::uint64_t> dead_too_much = 0;
    std::atomic<bool> is_failing = false;
};

/// Records of calls in a store, with a thread of its own. What waits while it writes becomes
/// durable by the next commit together, so that many share the cost of one. That a call has begun
/// need not be on the disk, and waits for no such commit.          thread any
class CallStore {
public:
    CallStore(std::unique_ptr<CallSession> session, CallStoreOptions options);
    /// Completes what waits first. Not from a completion.
    ~CallStore();
    CallStore(const CallStore&) = delete;
    CallStore& operator=(const CallStore&) = delete;

    /// Called exactly once, on the store's own thread; it must not block.
    /// err  as those of `CallSession`
    template <typename T>
    using Completion = std::move_only_function<void(std::expected<T, Failure>)>;

    /// Begin a call, or find how far it is. A process asks for no call that it has already.
    void claim(ClaimRequest request, Completion<Claimed> completion);
    /// Keep its response: it is durable at the completion.
    /// out  false: somebody else has the call by now
    void keep(HeldCall call, std::string response, Completion<bool> completion);
    /// It ended without anything to remember. Tried again while the store fails.
    void let_go(HeldCall call, LetGo how);

    /// Ask for a lock that holds between all who share the store. The completion comes once it is
    /// held, whenever that is, or cannot be had; not of one that was given up before.
    void lock(std::shared_ptr<StoreLock> lock, Completion<void> completion);
    /// Give up a lock, or the waiting for it. Tried again while the store fails.
    void unlock(std::shared_ptr<StoreLock> lock);

    /// A handler's changes, with what it answers.
    struct Commit {
        std::optional<HeldCall> call{};     // none: nothing is kept of it
        std::shared_ptr<StoreLock> lock{};  // that has to be held at the end; null: none
        /// Makes the changes, on the store's own thread, inside of the transaction.
        /// out  the response, as it is kept
        std::function<std::string(Transaction&)> change{};
        /// When to give up what has not begun; unset: never.
        std::optional<std::chrono::steady_clock::time_point> deadline{};
    };
    /// Wait until the changes and the response are durable together.
    /// err  throws what the handler threw, as that of a `Transaction`; Error (deadline_exceeded):
    ///      nothing was begun in time; (outcome_unknown) somebody else has the call, or may have
    ///      the lock, by now. Nothing was changed then. Otherwise as `CallSession`, where a commit
    ///      that failed may have been made all the same.
    /// thread none of the store's
    void commit(const Commit& commit);

    /// Something rare, in a transaction with whatever else waits; what it leaves is on the disk at
    /// its completion.
    struct Operation {
        /// out  whether it changed anything          thread the store's own
        std::move_only_function<std::expected<bool, Failure>(CallSession&, std::int64_t now_ms)>
            change{};
        /// out  as `change`
        Completion<bool> completion{};
        std::expected<bool, Failure> outcome{false};
    };
    void run(Operation operation);
    /// Keep a call's response, which says that it was given up, and what it was, both or neither.
    /// out  false: somebody else has the call by now
    void bury(HeldCall call, DeadCall dead, std::string response, Completion<bool> completion);

    const std::string& name() const noexcept { return name_; }
    const CallStoreCounters& counters() const noexcept { return counters_; }

private:
    struct Claim {
        ClaimRequest request;
        Completion<Claimed> completion;
        std::optional<Claimed> claimed{};
    };
    struct Keep {
        HeldCall call;
        std::string response;
        Completion<bool> completion;
        bool is_kept = false;
    };
    struct Leave {
        HeldCall call;
        LetGo how;
    };
    struct Waiting;
    struct Batch {
        std::vector<Claim> claims;
        std::vector<Keep> keeps;
        std::vector<Leave> leaves;
        std::vector<Waiting*> commits;
        LockKeeper::Changes locks;
        std::vector<Operation> operations;
        ForgottenDead forgotten{};

        bool empty() const noexcept {
            return claims.empty() && keeps.empty() && leaves.empty() && commits.empty() &&
                   locks.empty() && operations.empty();
        }
        Durability durability() const noexcept;
        /// Take out what need not be on the disk.
        Batch take_quick();
        void add(Batch&& later);
        std::size_t ends() const noexcept {
            return keeps.size() + leaves.size() + commits.size() + operations.size();
        }
    };

    // call_store_commit.cpp
    void commit_here(const Commit& commit, CallSession& session);
    std::unique_ptr<CallSession> session_of_handler();
    static void change(const Commit& commit, CallSession& session, Transaction& transaction);

    // call_store_batch.cpp
    void write(Batch& batch);
    void gather(Batch& batch);
    void write_together(Batch& batch);

    // call_store_operations.cpp
    static std::expected<bool, Failure> run_operations(Batch& batch, CallSession& session,
                                                       std::int64_t now_ms);
    static void settle_operations(Batch& batch, const std::expected<void, Failure>& written);
    std::expected<void, Failure> forget_dead(Batch& batch, std::int64_t now_ms);
    void note_forgotten(const ForgottenDead& forgotten);

    void run();
    std::optional<Batch> await_batch();
    std::optional<std::chrono::steady_clock::time_point> next_turn() const noexcept;
    bool has_to_try() const noexcept;
    std::expected<void, Failure> transact(Batch& batch);
    std::expected<bool, Failure> change(Batch& batch);
    std::expected<void, Failure> change(Waiting& waiting);
    void settle(Batch& batch, const std::expected<void, Failure>& written);
    void note(const std::expected<void, Failure>& written);
    template <typename Add>
    void put(Add&& add) {
        {
            const std::lock_guard lock{mutex_};
            add(next_);
        }
        wake_.notify_one();
    }

    static constexpr std::size_t keeps_between_forgetting = 128;

    const std::unique_ptr<CallSession> session_;  // of the thread
    const CallStoreOptions options_;
    const std::string name_;
    CallStoreCounters counters_;
    std::vector<Leave> unwritten_;                             // of the thread: the store failed
    std::size_t since_forgetting_ = keeps_between_forgetting;  // of the thread: once at the start
    std::uint64_t dead_bytes_ = 0;  // of the thread: there are as many, but for what others added
    /// Of the thread: when to look again for what is too old; unset: with the first batch.
    std::optional<std::chrono::steady_clock::time_point> forget_dead_at_{};
    std::chrono::steady_clock::time_point failed_at_{};  // of the thread: last
    std::chrono::steady_clock::time_point tried_at_{};   // of the thread: last
    std::chrono::steady_clock::duration commit_time_{};  // of the thread: to the disk, last
    std::size_t running_ = 0;                            // of the thread: begun, not ended
    LockKeeper locks_;                                   // of the thread

    std::mutex mutex_;  // of what follows
    std::condition_variable wake_;
    std::condition_variable settled_;
    Batch next_;
    std::vector<std::unique_ptr<CallSession>> of_handlers_;  // that none has now
    bool is_ending_ = false;

    std::thread thread_;
};

}  // namespace warren::store
