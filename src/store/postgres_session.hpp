#pragma once

#include "store/call_session.hpp"
#include "store/postgres.hpp"
#include "store/stored_call.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::store {

/// A store in a PostgreSQL database, which servers of several machines may share. A connection that
/// is lost is made again by the next transaction.
///
/// Who lives is told by advisory locks: each process has a number at random and holds the lock of
/// that number as long as its connection is there.
class PostgresSession final : public CallSession {
public:
    /// Connect, and make the tables where they are missing.
    /// err  invalid_request, naming the database and what to do: it cannot be reached, it does not
    ///      let this user in or make tables, or a newer program made them
    static std::expected<std::unique_ptr<PostgresSession>, Failure> open(std::string address);

    std::expected<void, Failure> begin(Durability durability) override;
    std::expected<void, Failure> commit() override;
    void rollback() noexcept override;
    std::expected<Claimed, Failure> claim(const ClaimRequest& request,
                                          std::int64_t now_ms) override;
    std::expected<bool, Failure> keep(const HeldCall& call, std::string_view response,
                                      std::int64_t now_ms) override;
    std::expected<void, Failure> let_go(const HeldCall& call, LetGo how) override;
    std::expected<void, Failure> forget(const RecordLimits& limits, std::int64_t now_ms) override;
    std::expected<std::exception_ptr, Failure> run(
        const std::function<void(Transaction&)>& changes) override;
    std::expected<std::unique_ptr<CallSession>, Failure> of_handler() override;
    void limit_silence(std::chrono::milliseconds most) override;
    std::expected<bool, Failure> is_kept(const HeldCall& call) override;
    // postgres_session_locks.cpp
    std::expected<LockAnswer, Failure> ask_lock(const std::string& name, std::int64_t place,
                                                const LockTerms& terms) override;
    std::expected<void, Failure> release_lock(const std::string& name,
                                              std::uint64_t token) override;
    std::expected<void, Failure> leave_lock_queue(std::int64_t place) override;
    std::expected<std::vector<std::uint64_t>, Failure> renew_locks(
        std::span<const std::uint64_t> tokens, std::span<const std::int64_t> places,
        const LockTerms& terms) override;
    std::expected<std::vector<std::int64_t>, Failure> lock_turns(
        std::span<const std::int64_t> places) override;
    std::expected<bool, Failure> holds_lock(const std::string& name, std::uint64_t token) override;
    // postgres_session_set_aside.cpp
    std::expected<void, Failure> insert_dead(const DeadCall& call) override;
    std::expected<std::vector<DeadCall>, Failure> dead_after(std::int64_t id, int count) override;
    std::expected<bool, Failure> remove_dead(std::int64_t id) override;
    std::expected<ForgottenDead, Failure> forget_dead(const RecordLimits& limits,
                                                      std::int64_t now_ms) override;
    std::expected<bool, Failure> forget_call(const std::string& key) override;
    std::expected<void, Failure> put_later(const LaterCall& call) override;
    std::expected<std::vector<LaterCall>, Failure> take_later(
        std::int64_t now_ms, int count, std::span<const std::string> methods) override;
    std::expected<void, Failure> remove_later(const std::string& key) override;
    const std::string& name() const noexcept override { return name_; }

private:
    struct Found {
        std::int64_t id = 0;
        StoredCall call{};
        PostgresResult row;  // which the views of `call` show
        std::string key{};
        std::string request{};
        std::string response{};
    };

    PostgresSession(std::string address, std::int64_t number);

    std::expected<void, Failure> connect();
    std::expected<void, Failure> migrate();
    std::expected<void, Failure> take_number();
    bool lives(std::int64_t number);
    Failure failure(const PostgresError& error) const;
    std::expected<PostgresResult, Failure> query(std::string_view statement,
                                                 std::span<const PostgresParameter> values = {});
    std::expected<std::unique_ptr<Found>, Failure> find(std::string_view key);
    std::expected<std::unique_ptr<Found>, Failure> find_held(const HeldCall& call);
    std::expected<void, Failure> update(std::int64_t id, const StoredCall& call);

    const std::string address_;
    const std::string name_;
    const std::int64_t number_;
    std::chrono::milliseconds silence_max_;
    const bool is_of_handler_;  // another session holds the lock of the number
    bool holds_number_ = false;
    std::optional<PostgresConnection> connection_;
    std::int64_t bytes_ = 0;  // of the records, as far as this process knows
    std::int64_t uncommitted_bytes_ = 0;
};

}  // namespace warren::store
