#pragma once

#include <warren/error.hpp>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace warren::store {

struct QueueFileOptions {
    std::string path;
    // Entries that failed, of which the oldest go when there are more.
    std::uint64_t failed_entries_max = 10'000;
    std::uint64_t failed_bytes_max = std::uint64_t{256} << 20;
    /// How many pages of 4 KiB the database may take; 0: as many as the disk has room for.
    std::uint64_t pages_max = 0;
    /// Only look at one that is there: make none, and refuse one that is damaged or of an earlier
    /// version instead of mending it.
    bool must_be_whole = false;
};

/// One entry. Ids grow in the order of appending, and none is ever used twice in one file.
struct Entry {
    std::uint64_t id = 0;
    std::string bytes;
};

/// An entry that was given up: a dead letter.
struct FailedEntry {
    std::uint64_t id = 0;
    std::int64_t failed_at_ms = 0;  // since 1970
    std::string reason;
    std::string bytes;
};

struct QueueTotals {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t failed_entries = 0;
    std::uint64_t failed_bytes = 0;
    std::uint64_t failed_discarded = 0;  // over the limits, so far
    std::uint64_t damaged_entries = 0;   // set aside, because they were altered or lost
};

/// An entry that was accepted and cannot be delivered: what is there of it is set aside.
struct DamagedEntry {
    std::uint64_t id = 0;
    std::int64_t found_at_ms = 0;  // since 1970
    std::string what;              // damaged | missing
    std::string bytes;             // as they are now; empty when it is missing
};

/// How much to read at once: at least one entry when there is one.
struct ReadLimits {
    std::uint64_t entries_max = 64;
    std::uint64_t bytes_max = std::uint64_t{1} << 20;
};

/// What a transaction is to change.
enum class Changes : std::uint8_t {
    any,
    removals,  // for which there is room on a full disk, too
};

/// A first-in-first-out queue in an SQLite file, and beside it the entries that failed. Changes
/// are made between `begin` and `commit`; they are on the disk when `commit` has returned.
/// No other process, and no other object of this one, has the file meanwhile.
///
/// Each entry has a checksum with its number, and the numbers of those that wait are known: what
/// was altered or lost is found when it is read (`found_damage`), and never given out. A record of
/// each commit is kept in a second file, so that commits which the database lost show when it is
/// opened. Then, and where its structure is damaged, it is made anew of what can be read: see
/// `salvage`.
///
/// Some room on the disk is kept in a file beside it, so that a full disk does not keep entries
/// from being removed. While that room cannot be had nothing is appended.
///
/// What goes wrong is `overloaded` where the disk is full, and `internal` otherwise; the message
/// names the file. Nothing is changed then once `rollback` was called.
/// thread one at a time
class QueueFile {
public:
    /// Open the file, or make it with mode 0600.
    /// err  invalid_request, naming the file and what to do: its directory is missing, it may not
    ///      be written, another process has it, or it is something else. internal: it is damaged
    ///      and nothing can be read of it. What is there stays as it is.
    /// cost O(bytes of the file), which are checked
    static std::expected<QueueFile, Failure> open(QueueFileOptions options);
    /// Whether a file that is there is surely something else, which `open` would refuse. Not of one
    /// that this process has open: that would lose its locks.
    static bool is_other_file(const std::string& path);
    QueueFile(QueueFile&&) noexcept;
    ~QueueFile();

    std::expected<void, Failure> begin(Changes changes = Changes::any);
    std::expected<void, Failure> commit();
    void rollback() noexcept;

    /// out  the new entry's id
    std::expected<std::uint64_t, Failure> append(std::string_view bytes);
    /// Remove an entry; one that is not there is none. Cheapest in their order.
    std::expected<void, Failure> remove(std::uint64_t id);
    /// Move an entry to those that failed.
    std::expected<void, Failure> fail(std::uint64_t id, std::string_view reason,
                                      std::int64_t failed_at_ms);
    /// Append all that failed again, oldest first and under new ids, whatever the limits; but those
    /// that were altered are set aside.
    std::expected<void, Failure> retry_failed();
    /// Remove one of those that failed; one that is not there is none.
    std::expected<void, Failure> remove_failed(std::uint64_t id);
    /// Keep what is there of an entry apart, where nobody takes it for a call.
    std::expected<void, Failure> set_aside(const DamagedEntry& entry);

    /// The oldest entries whose ids are greater than one; 0 is less than every id. Those that are
    /// damaged or missing among them are not given out, but found: see `found_damage`.
    std::expected<std::vector<Entry>, Failure> entries_after(std::uint64_t id,
                                                             const ReadLimits& limits = {});
    std::expected<std::vector<FailedEntry>, Failure> failed_after(std::uint64_t id,
                                                                  const ReadLimits& limits = {});

    std::expected<std::vector<DamagedEntry>, Failure> damaged_after(std::uint64_t id,
                                                                    const ReadLimits& limits = {});
    /// What reading has found since this was asked last: ids and what is wrong with each.
    std::vector<DamagedEntry> found_damage();
    /// Whether its files are still those that its path names.
    bool is_in_place() const noexcept;
    /// What happened when it was opened, for a log; empty: nothing worth saying.
    const std::string& opening_note() const noexcept;

    /// cost O(1): they are kept, not counted
    const QueueTotals& totals() const noexcept;
    /// Of the entry that was appended last, ever; 0: none was.
    std::uint64_t last_id() const noexcept;
    /// 32 hexadecimal digits, drawn when the file was made.
    const std::string& identity() const noexcept;
    const std::string& path() const noexcept;

private:
    struct State;
    explicit QueueFile(std::unique_ptr<State> state) noexcept;

    std::unique_ptr<State> state_;
};

}  // namespace warren::store
