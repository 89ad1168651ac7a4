#pragma once

#include <optional>

#include "store/queue_file.hpp"
#include "store/reserve.hpp"
#include "store/sqlite.hpp"

namespace warren::store {

/// How long the write-ahead log may grow before it is brought into the database.
inline constexpr int log_pages_max = 256;
/// What is kept for removals: more than the log and the transaction that makes it too long.
inline constexpr std::uint64_t reserve_bytes = std::uint64_t{2} << 20;

/// What a queue file is made of. Members are destroyed from the last: the reserve, so that closing
/// has its room, and the statements before their database.
struct QueueFile::State {
    QueueFileOptions options;
    Database database;
    std::string identity;
    std::uint64_t last_id = 0;
    QueueTotals totals;

    // As they were at `begin`.
    std::uint64_t committed_last_id = 0;
    QueueTotals committed_totals;

    Statement begin;
    Statement commit;
    Statement rollback;
    Statement insert;
    Statement remove;
    Statement copy_to_failed;
    Statement discard_failed;
    Statement copy_from_failed;
    Statement remove_failed;
    Statement keep_totals;
    Statement read;
    Statement read_failed;
    std::optional<Reserve> reserve;

    int log_pages = 0;
    bool is_cramped = false;  // the last checkpoint found no room

    std::expected<void, Failure> open();
    /// Give the disk what the files do not need.
    void shrink() noexcept;
    /// Bring the write-ahead log into the database when it is long, so that it stays short.
    void keep_log_short() noexcept;
    Failure full() const;
    /// Run a statement that changes the entry of one id, and returns its size.
    /// out  nullopt when there was none
    std::expected<std::optional<std::uint64_t>, Failure> run_on_one(Statement& statement,
                                                                    std::uint64_t id);
    std::expected<std::optional<std::uint64_t>, Failure> run_returning(Statement& statement);
    std::expected<void, Failure> discard_over_limits();
    /// Step through rows and take each, until there is enough.
    template <typename Row, typename Take>
    std::expected<std::vector<Row>, Failure> rows(Statement& statement, std::uint64_t after,
                                                  const ReadLimits& limits, Take take);
    /// What the database said last.
    Failure failure() const;
    std::expected<void, Failure> checked(int result) const {
        return result == SQLITE_OK ? std::expected<void, Failure>{} : std::unexpected{failure()};
    }

private:
    std::expected<void, Failure> make_file() const;
    std::expected<void, Failure> connect();
    std::expected<void, Failure> check_kind();
    std::expected<void, Failure> check_pages();
    std::expected<void, Failure> make_schema();
    std::expected<void, Failure> load();
    bool prepare_all();
    /// The one number that a statement gives.
    std::expected<std::uint64_t, Failure> ask(std::string_view text);
    Failure refusal() const;
};

}  // namespace warren::store
