#pragma once

#include "store/queue_file.hpp"
#include "store/queue_head.hpp"
#include "store/queue_record.hpp"
#include "store/queue_statements.hpp"
#include "store/reserve.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::store {

/// How long the write-ahead log may grow before it is brought into the database.
inline constexpr int log_pages_max = 256;
/// What is kept for removals: more than the log and the transaction that makes it too long.
inline constexpr std::uint64_t reserve_bytes = std::uint64_t{2} << 20;

inline std::string head_path_of(const std::string& path) {
    return path + "-head";
}

/// What a queue file is made of. The reserve is destroyed first, so that closing has its room, and
/// the head last, so that nobody else has the queue before it is closed.
struct QueueFile::State {
    const QueueFileOptions options;
    const std::string log_path;
    QueueHead head;
    QueueStatements sql;
    QueueRecord record;
    QueueRecord committed;  // as it was at `begin`
    std::optional<Reserve> reserve;

    FileId own_file;
    FileId own_log;
    std::vector<DamagedEntry> found;
    std::string opening_note;
    int log_pages = 0;  // that the log has at least
    off_t page_bytes = 0;
    bool has_removed = false;  // some that were taken out before their turn, perhaps
    bool is_cramped = false;   // the last checkpoint found no room
    bool is_at_end = false;    // reading came to the last row

    explicit State(QueueFileOptions from)
        : options{std::move(from)},
          log_path{options.path + "-wal"},
          head{head_path_of(options.path)} {}

    std::expected<void, Failure> open();
    /// err  internal: somebody deleted, replaced or cut short one of the files
    std::expected<void, Failure> check_place();
    std::expected<void, Failure> check_file(const std::string& path, const FileId& own) const;
    /// Give the disk what the files do not need.
    void shrink() noexcept;
    /// Bring the write-ahead log into the database when it is long, so that it stays short.
    void keep_log_short() noexcept;
    /// After what may change the size of the database's file.
    void note_size() noexcept;
    Failure full() const;
    /// Run a statement that changes the entry of one id, and returns its size.
    /// out  nullopt when there was none
    std::expected<std::optional<std::uint64_t>, Failure> run_on_one(Statement& statement,
                                                                    std::uint64_t id);
    std::expected<std::optional<std::uint64_t>, Failure> run_returning(Statement& statement);
    std::expected<void, Failure> discard_over_limits();
    /// Whether an entry was taken out before its turn.
    bool was_removed(std::uint64_t id);
    /// Move `first_id`, or note that another one is gone.
    std::expected<void, Failure> remove(std::uint64_t id);
    bool is_intact(std::uint64_t id, std::string_view bytes, std::int64_t checksum) const {
        return checksum == checksum_of(record.identity, id, bytes);
    }
    void find(std::uint64_t id, std::string_view what);
    void find_missing(std::uint64_t from, std::uint64_t to);
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
    // Of `open`. What is no refusal but damage says so in `damage_`.
    std::expected<void, Failure> find_buffer() const;
    std::expected<void, Failure> make_file();
    std::expected<void, Failure> open_database();
    std::expected<void, Failure> complete_salvage();
    std::expected<void, Failure> mend();
    std::expected<void, Failure> connect();
    std::expected<void, Failure> check_kind();
    std::expected<void, Failure> check_pages();
    std::expected<void, Failure> check_tables();
    std::expected<void, Failure> make_schema();
    std::expected<void, Failure> upgrade();
    std::expected<void, Failure> load();
    std::expected<void, Failure> limit_size();
    /// The one number or text that a statement gives.
    std::expected<std::uint64_t, Failure> ask(std::string_view text);
    std::expected<std::string, Failure> ask_text(std::string_view text);
    std::expected<void, Failure> run(const std::string& script);
    Failure refusal();
    Failure damaged(std::string why);

    bool had_head_ = false;
    std::string damage_;  // what is wrong with it, when it can be mended
};

}  // namespace warren::store
