#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "store/queue_file.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace warren::store {

struct DurableQueueOptions {
    QueueFileOptions file;
    // What is over one of these is refused; what failed does not count.
    std::uint64_t entries_max = 1'000'000;
    std::uint64_t bytes_max = std::uint64_t{1} << 30;
    std::uint64_t waiting_bytes_max = std::uint64_t{64} << 20;  // taken, not yet on the disk
    std::shared_ptr<Log> log{};  // when writing begins to fail, and when it goes on; null: nowhere
    /// So long nothing failed when it goes on: on a disk that is nearly full every other write may.
    std::chrono::milliseconds calm_min{10'000};
};

/// A bounded first-in-first-out queue on a disk, with a thread of its own. All changes that wait
/// while it writes are made by the next commit together, so that many share the cost of one.
///
/// An entry that was altered or lost is set aside and logged by its number when reading comes to
/// it. Entries are read and marked by id and not taken out: what is read once is read again by
/// another process until it was removed.          thread any
class DurableQueue {
public:
    /// err  as `QueueFile::open`
    static std::expected<std::unique_ptr<DurableQueue>, Failure> open(DurableQueueOptions options);
    /// Writes what waits first, and completes it. Not from a completion.
    ~DurableQueue();
    DurableQueue(const DurableQueue&) = delete;
    DurableQueue& operator=(const DurableQueue&) = delete;

    /// Called exactly once, on the queue's own thread; it must not block.
    template <typename T>
    using Completion = std::move_only_function<void(std::expected<T, Failure>)>;

    /// Append an entry. It is on the disk when the completion gets its id; ids grow in the order of
    /// these calls.
    /// err  returned, and the completion is not called: overloaded, naming the limit that is
    ///      reached; invalid_request for an entry that is alone over bytes_max.
    ///      To the completion: overloaded when the disk is full, internal when it cannot be
    ///      written; it may be there after a crash then
    std::expected<void, Failure> append(std::string bytes, Completion<std::uint64_t> completion);

    /// The oldest entries with ids greater than one; 0 is less than every id. What was appended
    /// before this call is seen.
    void read(std::uint64_t after, Completion<std::vector<Entry>> completion);

    // Entries that were marked are gone after the next commit. Where the disk fails, it is tried
    // again until it works.
    void remove(std::uint64_t id);
    void fail(std::uint64_t id, std::string reason);

    /// What is on the disk.                                                 cost O(1)
    QueueTotals totals() const;
    /// As that of `QueueFile`.
    const std::string& identity() const noexcept { return file_.identity(); }
    const std::string& path() const noexcept { return file_.path(); }
    /// Entries up to this id were left by another process.
    std::uint64_t last_id_at_open() const noexcept { return last_id_at_open_; }

private:
    struct Append {
        std::string bytes;
        Completion<std::uint64_t> completion;
        std::uint64_t id = 0;
    };
    struct Read {
        std::uint64_t after = 0;
        Completion<std::vector<Entry>> completion;
    };
    struct Mark {
        std::uint64_t id = 0;
        std::optional<std::string> reason;  // it failed; nullopt: it is done
        std::int64_t marked_at_ms = 0;
    };
    struct Batch {
        std::vector<Append> appends;
        std::vector<Mark> marks;
        std::vector<Read> reads;

        bool empty() const noexcept { return appends.empty() && marks.empty() && reads.empty(); }
    };

    DurableQueue(QueueFile file, DurableQueueOptions options);

    void run();
    void put(Mark mark);
    void set_damage_aside();
    /// out  nothing at the end
    std::optional<Batch> await_batch();
    void write(Batch& batch);
    static std::size_t count_together(std::span<const Append> appends) noexcept;
    void write_together(std::span<Append> appends);
    std::expected<void, Failure> transact(std::span<Append> appends, std::span<const Mark> marks);
    std::expected<void, Failure> change(std::span<Append> appends, std::span<const Mark> marks);
    void settle(std::span<Append> appends, const std::expected<void, Failure>& written);
    void note(const std::expected<void, Failure>& written);

    const DurableQueueOptions options_;
    QueueFile file_;  // of the thread, but for its constants
    const std::uint64_t last_id_at_open_;
    std::vector<Mark> unwritten_;  // of the thread: those that failed to be written
    bool is_failing_ = false;      // of the thread
    std::chrono::steady_clock::time_point failed_at_{};  // of the thread: last

    mutable std::mutex mutex_;  // of what follows
    std::condition_variable wake_;
    Batch next_;
    QueueTotals totals_;
    std::uint64_t waiting_entries_ = 0;
    std::uint64_t waiting_bytes_ = 0;
    bool is_ending_ = false;

    std::thread thread_;
};

}  // namespace warren::store
