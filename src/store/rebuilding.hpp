#pragma once

#include "store/id_ranges.hpp"
#include "store/queue_record.hpp"
#include "store/raw_rows.hpp"
#include "store/sqlite.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace warren::store {

/// What could not be read as it was written.
struct Losses {
    IdRanges missing;  // of those that wait
    // Of those that failed, whose numbers are known by their rows alone.
    IdRanges failed_altered;  // set aside
    std::uint64_t failed_missing = 0;

    std::string text() const;
};

/// A new database of a queue, filled with rows that were found in an old one.
/// thread one at a time
class Rebuilding {
public:
    /// in  record: of what belongs to the queue
    Rebuilding(const std::string& path, QueueRecord record);

    /// Whether a row with so many columns may be one of its.
    static bool wants(std::size_t columns) noexcept;
    /// Take a row, if it is one of the queue's.
    void add(const RawRow& row);
    /// err  why it could not be written
    std::expected<Losses, std::string> finish();

    std::uint64_t entries() const noexcept { return record_.totals.entries; }

private:
    std::uint64_t range_size() const noexcept { return record_.last_id + 1 - record_.first_id; }
    void note(int result);
    void execute(const std::string& script) { note(database_.execute(script.c_str())); }
    std::uint64_t ask(const std::string& question);

    void add_entry(const RawRow& row);
    void add_failed(const RawRow& row);
    void add_damaged(const RawRow& row);
    void finish_failed(Losses& losses, std::int64_t now);
    void note_out_of_turn();
    void note_missing(std::uint64_t id, std::int64_t now);
    void put_damaged(std::uint64_t id, std::int64_t found_at, std::string_view what,
                     const std::string* bytes);
    QueueTotals totals();

    QueueRecord record_;
    std::vector<bool> is_found_;  // by number, from the first that waits
    std::string trouble_;         // the first
    Database database_;
    Statement insert_entry_;
    Statement insert_failed_;
    Statement insert_altered_;
    Statement insert_damaged_;
    Statement insert_removed_;
};

}  // namespace warren::store
