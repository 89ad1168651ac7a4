#include "store/durable_queue.hpp"

#include "store/file_size_signal.hpp"
#include "store/id_ranges.hpp"
#include "store/unix_time.hpp"

#include <chrono>
#include <iterator>
#include <utility>

namespace warren::store {
namespace {

/// After which time marks that could not be written are tried again.
constexpr std::chrono::milliseconds retry_pause{1'000};

/// When to come back to a queue that is full: when some of it may have gone on.
constexpr std::chrono::milliseconds retry_after{1'000};

/// A transaction this large is complete, so that little need be kept for when the disk is full.
constexpr std::uint64_t transaction_bytes_max = std::uint64_t{512} << 10;
constexpr std::uint64_t entry_overhead_bytes = 16;

Failure full(const std::string& path, std::string_view limit, std::uint64_t value) {
    return {.code = Code::overloaded,
            .message = "The buffer " + path + " is full: " + std::string{limit} + " is " +
                       std::to_string(value),
            .retry_after = retry_after};
}

}  // namespace

std::expected<std::unique_ptr<DurableQueue>, Failure> DurableQueue::open(
    DurableQueueOptions options) {
    auto file = QueueFile::open(options.file);
    if (!file) {
        return std::unexpected{std::move(file.error())};
    }
    return std::unique_ptr<DurableQueue>{new DurableQueue{std::move(*file), std::move(options)}};
}

DurableQueue::DurableQueue(QueueFile file, DurableQueueOptions options)
    : options_{std::move(options)},
      file_{std::move(file)},
      last_id_at_open_{file_.last_id()},
      totals_{file_.totals()} {
    if (options_.log && !file_.opening_note().empty()) {
        options_.log->error(file_.opening_note());
    }
    thread_ = std::thread{[this] { run(); }};
}

DurableQueue::~DurableQueue() {
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
    if (options_.log && file_.totals().entries != 0 && !file_.is_in_place()) {
        options_.log->error("The buffer " + path() +
                            " was deleted, replaced or cut short while it was in use: " +
                            std::to_string(file_.totals().entries) + " calls that wait go with it");
    }
}

std::expected<void, Failure> DurableQueue::append(std::string bytes,
                                                  Completion<std::uint64_t> completion) {
    const std::uint64_t size = bytes.size();
    if (size > options_.bytes_max) {
        return std::unexpected{Failure{.code = Code::invalid_request,
                                       .message = "An entry of " + std::to_string(size) +
                                                  " bytes never fits into the buffer " + path() +
                                                  ": bytes_max is " +
                                                  std::to_string(options_.bytes_max)}};
    }
    {
        const std::lock_guard lock{mutex_};
        if (totals_.entries + waiting_entries_ >= options_.entries_max) {
            return std::unexpected{full(path(), "entries_max", options_.entries_max)};
        }
        if (totals_.bytes + waiting_bytes_ + size > options_.bytes_max) {
            return std::unexpected{full(path(), "bytes_max", options_.bytes_max)};
        }
        if (waiting_entries_ != 0 && waiting_bytes_ + size > options_.waiting_bytes_max) {
            return std::unexpected{full(path(), "waiting_bytes_max", options_.waiting_bytes_max)};
        }
        ++waiting_entries_;
        waiting_bytes_ += size;
        next_.appends.push_back({.bytes = std::move(bytes), .completion = std::move(completion)});
    }
    wake_.notify_one();
    return {};
}

void DurableQueue::read(std::uint64_t after, Completion<std::vector<Entry>> completion) {
    {
        const std::lock_guard lock{mutex_};
        next_.reads.push_back({.after = after, .completion = std::move(completion)});
    }
    wake_.notify_one();
}

void DurableQueue::remove(std::uint64_t id) {
    put({.id = id, .reason = std::nullopt});
}

void DurableQueue::fail(std::uint64_t id, std::string reason) {
    put({.id = id, .reason = std::move(reason), .marked_at_ms = unix_ms_now()});
}

void DurableQueue::put(Mark mark) {
    {
        const std::lock_guard lock{mutex_};
        next_.marks.push_back(std::move(mark));
    }
    wake_.notify_one();
}

QueueTotals DurableQueue::totals() const {
    const std::lock_guard lock{mutex_};
    return totals_;
}

void DurableQueue::run() {
    const FileSizeSignalBlocked blocked;
    while (auto batch = await_batch()) {
        write(*batch);
        for (Read& read : batch->reads) {
            auto entries = file_.entries_after(read.after);
            set_damage_aside();
            read.completion(std::move(entries));
        }
    }
}

/// What reading has found. Where that cannot be written it is found again by the next process.
void DurableQueue::set_damage_aside() {
    const std::vector<DamagedEntry> damage = file_.found_damage();
    if (damage.empty()) {
        return;
    }
    auto done = file_.begin(Changes::removals);
    IdRanges ids;
    for (const DamagedEntry& entry : damage) {
        ids.add(entry.id);
        done = done ? file_.set_aside(entry) : done;
    }
    if (done) {
        done = file_.commit();
    }
    if (!done) {
        file_.rollback();
    }
    {
        const std::lock_guard lock{mutex_};
        totals_ = file_.totals();
    }
    if (options_.log) {
        options_.log->error("The buffer " + path() + ": " + std::to_string(ids.count()) +
                            " calls are damaged or missing, and are set aside: " + ids.text());
    }
}

std::optional<DurableQueue::Batch> DurableQueue::await_batch() {
    std::unique_lock lock{mutex_};
    const auto is_wanted = [this] { return is_ending_ || !next_.empty(); };
    if (unwritten_.empty()) {
        wake_.wait(lock, is_wanted);
    } else {
        wake_.wait_for(lock, retry_pause, is_wanted);
    }
    if (is_ending_ && next_.empty()) {
        return std::nullopt;
    }
    return std::exchange(next_, {});
}

/// How many of the first share a transaction; at least one, where there is one.
std::size_t DurableQueue::count_together(std::span<const Append> appends) noexcept {
    std::size_t count = 0;
    std::uint64_t bytes = 0;
    while (count != appends.size() && (count == 0 || bytes < transaction_bytes_max)) {
        bytes += appends[count++].bytes.size() + entry_overhead_bytes;
    }
    return count;
}

void DurableQueue::write(Batch& batch) {
    unwritten_.insert(unwritten_.end(), std::make_move_iterator(batch.marks.begin()),
                      std::make_move_iterator(batch.marks.end()));
    std::span<Append> appends{batch.appends};
    if (!unwritten_.empty() || !appends.empty()) {
        do {
            const std::size_t count = count_together(appends);
            write_together(appends.first(count));
            appends = appends.subspan(count);
        } while (!appends.empty());
    }
}

void DurableQueue::write_together(std::span<Append> appends) {
    auto written = transact(appends, unwritten_);
    if (!written && !unwritten_.empty() && !appends.empty()) {
        // What is removed makes room for what is new.
        if (transact({}, unwritten_)) {
            unwritten_.clear();
        }
        written = transact(appends, {});
    } else if (written) {
        unwritten_.clear();
    }
    note(written);
    settle(appends, written);
}

std::expected<void, Failure> DurableQueue::transact(std::span<Append> appends,
                                                    std::span<const Mark> marks) {
    auto written = file_.begin(appends.empty() ? Changes::removals : Changes::any);
    if (written) {
        written = change(appends, marks);
    }
    if (written) {
        written = file_.commit();
    }
    if (!written) {
        file_.rollback();
    }
    return written;
}

std::expected<void, Failure> DurableQueue::change(std::span<Append> appends,
                                                  std::span<const Mark> marks) {
    for (const Mark& mark : marks) {
        auto marked = mark.reason ? file_.fail(mark.id, *mark.reason, mark.marked_at_ms)
                                  : file_.remove(mark.id);
        if (!marked) {
            return marked;
        }
    }
    for (Append& append : appends) {
        const auto id = file_.append(append.bytes);
        if (!id) {
            return std::unexpected{id.error()};
        }
        append.id = *id;
    }
    return {};
}

void DurableQueue::settle(std::span<Append> appends, const std::expected<void, Failure>& written) {
    {
        const std::lock_guard lock{mutex_};
        totals_ = file_.totals();
        waiting_entries_ -= appends.size();
        for (const Append& append : appends) {
            waiting_bytes_ -= append.bytes.size();
        }
    }
    for (Append& append : appends) {
        append.completion(written ? std::expected<std::uint64_t, Failure>{append.id}
                                  : std::unexpected{written.error()});
    }
}

/// Once for each time that writing begins or ceases to fail, not for every batch.
void DurableQueue::note(const std::expected<void, Failure>& written) {
    if (!options_.log || (written && !is_failing_)) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!written) {
        failed_at_ = now;
        if (!std::exchange(is_failing_, true)) {
            options_.log->error(to_string(written.error()));
        }
    } else if (now - failed_at_ >= options_.calm_min) {
        is_failing_ = false;
        options_.log->info("The buffer " + path() + " is written again");
    }
}

}  // namespace warren::store
