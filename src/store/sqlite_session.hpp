#pragma once

#include "store/call_session.hpp"
#include "store/handler_statements.hpp"
#include "store/held_records.hpp"
#include "store/lock_statements.hpp"
#include "store/owner_lock.hpp"
#include "store/queue_head.hpp"
#include "store/sqlite.hpp"
#include "store/stored_call.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::store {

/// A store in an SQLite file of this machine, which several processes may share. A file that was
/// deleted or replaced meanwhile is found, and calls fail until one of Warren's is in its place.
class SqliteSession final : public CallSession {
public:
    /// Open the file, or make it with mode 0600.
    /// err  invalid_request, naming the file and what to do: its directory is missing, it may not
    ///      be written, it is something else, it is damaged, or a newer program made it
    /// cost O(bytes of the file), which are checked
    static std::expected<std::unique_ptr<SqliteSession>, Failure> open(std::string path);

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
    // sqlite_session_locks.cpp
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
    // sqlite_session_set_aside.cpp
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
    explicit SqliteSession(std::string path);

    // sqlite_session_open.cpp
    std::expected<void, Failure> open_file();
    std::expected<void, Failure> make_file() const;
    std::expected<void, Failure> check_kind();
    std::expected<void, Failure> migrate(std::int64_t version);
    std::expected<void, Failure> check_whole();
    std::expected<void, Failure> check_commits();
    std::expected<void, Failure> prepare();
    void close_file() noexcept;
    Failure refusal() const;
    std::expected<std::int64_t, Failure> pragma(std::string_view name);

    struct Found;
    Failure failure() const;
    std::expected<void, Failure> reopen();
    // sqlite_session_locks.cpp
    std::int64_t expiry(std::chrono::milliseconds lease) const noexcept;
    bool is_over(std::int64_t owner, std::int64_t expires_at_ms) const noexcept;
    std::expected<bool, Failure> is_first(std::string_view name, std::int64_t place);
    std::expected<bool, Failure> is_free(std::string_view name);
    std::expected<std::uint64_t, Failure> take_lock(const std::string& name,
                                                    const LockTerms& terms);
    std::expected<std::optional<Found>, Failure> find(std::string_view key);
    std::expected<std::optional<Found>, Failure> find_held(const HeldCall& call);
    std::expected<bool, Failure> insert(const StoredCall& call);
    std::expected<bool, Failure> answer(const HeldCall& call, const HeldRecords::Record& record,
                                        std::string_view response, std::int64_t now_ms);
    std::expected<void, Failure> update(std::int64_t id, const StoredCall& call);
    std::expected<void, Failure> remove(std::int64_t id, std::uint64_t bytes);
    std::expected<std::uint64_t, Failure> change(Statement& statement);

    const std::string path_;
    const std::string name_;
    OwnerLock owner_;
    Database database_;
    FileId place_{};
    bool is_open_ = false;
    Durability durability_ = Durability::machine;

    Statement begin_;
    Statement commit_;
    Statement rollback_;
    Statement find_;
    Statement insert_;
    Statement answer_;
    Statement update_;
    Statement remove_;
    Statement oldest_;
    Statement count_commit_;
    Statement commits_;
    LockStatements locks_;
    std::optional<HandlerStatements> handlers_;
    HeldRecords held_;

    std::uint64_t bytes_ = 0;  // of the records, as far as this process knows
    std::int64_t uncommitted_bytes_ = 0;
};

}  // namespace warren::store
