#pragma once

#include <warren/error.hpp>
#include <warren/transaction.hpp>

#include "store/call_record.hpp"
#include "store/set_aside.hpp"
#include "store/store_lock.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::store {

/// What a commit outlives.
enum class Durability : std::uint8_t {
    process,  // the end of this process
    machine,  // that of the machine: it is on the disk
};

/// One way into a store's database, which knows of records and of no thread. What is between
/// `begin` and `commit` becomes durable together. Where one of these fails so does the transaction,
/// which is rolled back; the next one tries whatever it takes, such as to connect again.
/// err  overloaded: full, away, or in use; internal otherwise. The message names the store.
/// thread one at a time
class CallSession {
public:
    virtual ~CallSession() = default;

    virtual std::expected<void, Failure> begin(Durability durability) = 0;
    virtual std::expected<void, Failure> commit() = 0;
    virtual void rollback() noexcept = 0;

    /// Begin a call, or find how far it is.
    virtual std::expected<Claimed, Failure> claim(const ClaimRequest& request,
                                                  std::int64_t now_ms) = 0;
    /// out  false: somebody else has it by now, or nobody; nothing is changed
    virtual std::expected<bool, Failure> keep(const HeldCall& call, std::string_view response,
                                              std::int64_t now_ms) = 0;
    virtual std::expected<void, Failure> let_go(const HeldCall& call, LetGo how) = 0;
    /// Remove some of what is too old or too much.
    virtual std::expected<void, Failure> forget(const RecordLimits& limits,
                                                std::int64_t now_ms) = 0;

    /// Let a handler change what is its own, all of it or, when it throws, nothing.
    /// out  what it threw; null: nothing
    virtual std::expected<std::exception_ptr, Failure> run(
        const std::function<void(Transaction&)>& changes) = 0;

    /// A session for the transaction of one handler at a time, beside this one's: for the handler's
    /// own thread. Null: handlers' changes are made by this one.          thread any
    virtual std::expected<std::unique_ptr<CallSession>, Failure> of_handler() { return nullptr; }
    /// How long what is between `begin` and `commit` may be silent from now on, where it would hold
    /// up others for as long.
    virtual void limit_silence(std::chrono::milliseconds /*most*/) {}
    /// Whether a response was kept, of a transaction whose commit was not confirmed; outside of
    /// any.
    virtual std::expected<bool, Failure> is_kept(const HeldCall& /*call*/) { return false; }

    // Locks. One is held until its lease is over or it is released, and those that wait for it have
    // it one after the other, in the order in which they first asked. In one transaction they are
    // asked for and released in the order of their names, after everything else, so that no two
    // transactions wait for each other.

    /// Have a lock, or a place in the queue for it.
    /// in   place: the one that was had by asking before; 0: none
    virtual std::expected<LockAnswer, Failure> ask_lock(const std::string& name, std::int64_t place,
                                                        const LockTerms& terms) = 0;
    /// Let the next one have it, if it is still held.
    virtual std::expected<void, Failure> release_lock(const std::string& name,
                                                      std::uint64_t token) = 0;
    virtual std::expected<void, Failure> leave_lock_queue(std::int64_t place) = 0;
    /// Hold locks and places for another lease, in a transaction that does nothing else.
    /// out  the tokens of those that are still held
    virtual std::expected<std::vector<std::uint64_t>, Failure> renew_locks(
        std::span<const std::uint64_t> tokens, std::span<const std::int64_t> places,
        const LockTerms& terms) = 0;
    /// Those of some places for which it is worth asking again; outside of any transaction.
    virtual std::expected<std::vector<std::int64_t>, Failure> lock_turns(
        std::span<const std::int64_t> places) = 0;
    /// Whether a lock is still held, which nobody else gets before the end of the transaction.
    virtual std::expected<bool, Failure> holds_lock(const std::string& name,
                                                    std::uint64_t token) = 0;
    // Calls that were given up, and those that are to run later.
    virtual std::expected<void, Failure> insert_dead(const DeadCall& call) = 0;
    /// The next ones behind an id, the oldest first.
    virtual std::expected<std::vector<DeadCall>, Failure> dead_after(std::int64_t id,
                                                                     int count) = 0;
    /// out  false: it is not there
    virtual std::expected<bool, Failure> remove_dead(std::int64_t id) = 0;
    /// Remove what is too old or too much of them, the oldest first, some at once.
    virtual std::expected<ForgottenDead, Failure> forget_dead(const RecordLimits& limits,
                                                              std::int64_t now_ms) = 0;
    /// Forget a call that nobody has, so that it begins anew.
    /// out  false: somebody has it
    virtual std::expected<bool, Failure> forget_call(const std::string& key) = 0;
    /// In place of the one with its key, if there is one. Nobody has it then.
    virtual std::expected<void, Failure> put_later(const LaterCall& call) = 0;
    /// Have those of some methods whose time has come, and that nobody has who lives.
    /// in   methods: in their order
    virtual std::expected<std::vector<LaterCall>, Failure> take_later(
        std::int64_t now_ms, int count, std::span<const std::string> methods) = 0;
    virtual std::expected<void, Failure> remove_later(const std::string& key) = 0;

    /// What it is called in messages: "the store /var/lib/warren/store.db".
    virtual const std::string& name() const noexcept = 0;
};

}  // namespace warren::store
