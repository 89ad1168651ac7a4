#include "store/queue_file.hpp"

#include <utility>

#include "store/queue_file_state.hpp"

namespace warren::store {

QueueFile::QueueFile(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
QueueFile::QueueFile(QueueFile&&) noexcept = default;
QueueFile::~QueueFile() = default;

Failure QueueFile::State::full() const {
    return {.code = Code::overloaded,
            .message = "The buffer " + options.path + " cannot grow: the disk is full"};
}

Failure QueueFile::State::failure() const {
    const std::string file = "The buffer " + options.path;
    switch (database.error()) {
    case SQLITE_FULL:
        return full();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {.code = Code::internal, .message = file + " is damaged: " + database.error_text()};
    default:
        return {.code = Code::internal,
                .message = file + " cannot be used: " + database.error_text()};
    }
}

std::expected<void, Failure> QueueFile::begin(Changes changes) {
    if (state_->is_cramped || !state_->reserve->is_held()) {
        state_->shrink();
    }
    if (changes == Changes::any && !state_->is_cramped) {
        state_->reserve->take();
    }
    state_->committed_last_id = state_->last_id;
    state_->committed_totals = state_->totals;
    return state_->checked(state_->begin.run());
}

std::expected<void, Failure> QueueFile::commit() {
    Statement& keep = state_->keep_totals;
    keep.bind(1, state_->last_id);
    keep.bind(2, state_->totals.entries);
    keep.bind(3, state_->totals.bytes);
    keep.bind(4, state_->totals.failed_entries);
    keep.bind(5, state_->totals.failed_bytes);
    keep.bind(6, state_->totals.failed_discarded);
    auto done = state_->checked(keep.run());
    if (done) {
        done = state_->checked(state_->commit.run());
    }
    if (done) {
        state_->keep_log_short();
    }
    return done;
}

void QueueFile::rollback() noexcept {
    if (state_->database.error() == SQLITE_FULL) {
        state_->reserve->give_back();
    }
    // Some errors have done so already.
    if (state_->database.in_transaction()) {
        state_->rollback.run();
    }
    state_->last_id = state_->committed_last_id;
    state_->totals = state_->committed_totals;
}

std::expected<std::uint64_t, Failure> QueueFile::append(std::string_view bytes) {
    if (!state_->reserve->is_held()) {
        return std::unexpected{state_->full()};
    }
    const std::uint64_t id = state_->last_id + 1;
    state_->insert.bind(1, id);
    state_->insert.bind_blob(2, bytes);
    if (state_->insert.run() != SQLITE_OK) {
        return std::unexpected{state_->failure()};
    }
    state_->last_id = id;
    ++state_->totals.entries;
    state_->totals.bytes += bytes.size();
    return id;
}

std::expected<void, Failure> QueueFile::remove(std::uint64_t id) {
    const auto removed_bytes = state_->run_on_one(state_->remove, id);
    if (!removed_bytes) {
        return std::unexpected{removed_bytes.error()};
    }
    if (*removed_bytes) {
        --state_->totals.entries;
        state_->totals.bytes -= **removed_bytes;
    }
    return {};
}

std::expected<void, Failure> QueueFile::fail(std::uint64_t id, std::string_view reason,
                                             std::int64_t failed_at_ms) {
    QueueTotals& totals = state_->totals;
    state_->copy_to_failed.bind(2, failed_at_ms);
    state_->copy_to_failed.bind_text(3, reason);
    const auto copied_bytes = state_->run_on_one(state_->copy_to_failed, id);
    if (!copied_bytes) {
        return std::unexpected{copied_bytes.error()};
    }
    if (!*copied_bytes) {
        return {};
    }
    ++totals.failed_entries;
    totals.failed_bytes += **copied_bytes;
    auto removed = remove(id);
    return removed ? state_->discard_over_limits() : removed;
}

std::expected<void, Failure> QueueFile::retry_failed() {
    QueueTotals& totals = state_->totals;
    state_->copy_from_failed.bind(1, state_->last_id);
    auto moved = state_->checked(state_->copy_from_failed.run());
    if (moved) {
        moved = state_->checked(state_->remove_failed.run());
    }
    if (moved) {
        state_->last_id += totals.failed_entries;
        totals.entries += std::exchange(totals.failed_entries, 0);
        totals.bytes += std::exchange(totals.failed_bytes, 0);
    }
    return moved;
}

void QueueFile::State::shrink() noexcept {
    const bool is_done = database.execute("PRAGMA incremental_vacuum") == SQLITE_OK;
    is_cramped = database.execute("PRAGMA wal_checkpoint(TRUNCATE)") != SQLITE_OK || !is_done;
}

void QueueFile::State::keep_log_short() noexcept {
    if (log_pages < log_pages_max || database.checkpoint() != SQLITE_FULL) {
        return;
    }
    reserve->give_back();
    is_cramped = database.checkpoint() != SQLITE_OK;
}

std::expected<std::optional<std::uint64_t>, Failure> QueueFile::State::run_on_one(
    Statement& statement, std::uint64_t id) {
    statement.bind(1, id);
    return run_returning(statement);
}

std::expected<std::optional<std::uint64_t>, Failure> QueueFile::State::run_returning(
    Statement& statement) {
    std::optional<std::uint64_t> bytes;
    int result = statement.step();
    if (result == SQLITE_ROW) {
        bytes = statement.number(0);
        result = statement.step();
    }
    auto outcome = result == SQLITE_DONE
                       ? std::expected<std::optional<std::uint64_t>, Failure>{bytes}
                       : std::unexpected{failure()};
    statement.reset();
    return outcome;
}

std::expected<void, Failure> QueueFile::State::discard_over_limits() {
    while (totals.failed_entries > options.failed_entries_max ||
           totals.failed_bytes > options.failed_bytes_max) {
        const auto bytes = run_returning(discard_failed);
        if (!bytes) {
            return std::unexpected{bytes.error()};
        }
        if (!*bytes) {
            break;
        }
        --totals.failed_entries;
        totals.failed_bytes -= **bytes;
        ++totals.failed_discarded;
    }
    return {};
}

template <typename Row, typename Take>
std::expected<std::vector<Row>, Failure> QueueFile::State::rows(Statement& statement,
                                                                std::uint64_t after,
                                                                const ReadLimits& limits,
                                                                Take take) {
    std::vector<Row> rows;
    std::uint64_t bytes = 0;
    statement.bind(1, after);
    int result = SQLITE_DONE;
    while (rows.size() < limits.entries_max && bytes < limits.bytes_max &&
           (result = statement.step()) == SQLITE_ROW) {
        bytes += rows.emplace_back(take(statement)).bytes.size();
    }
    const bool is_good = result == SQLITE_ROW || result == SQLITE_DONE;
    auto outcome = is_good ? std::expected<std::vector<Row>, Failure>{std::move(rows)}
                           : std::unexpected{failure()};
    statement.reset();
    return outcome;
}

std::expected<std::vector<Entry>, Failure> QueueFile::entries_after(std::uint64_t id,
                                                                    const ReadLimits& limits) {
    return state_->rows<Entry>(state_->read, id, limits, [](const Statement& row) {
        return Entry{.id = row.number(0), .bytes = std::string{row.blob(1)}};
    });
}

std::expected<std::vector<FailedEntry>, Failure> QueueFile::failed_after(std::uint64_t id,
                                                                         const ReadLimits& limits) {
    return state_->rows<FailedEntry>(state_->read_failed, id, limits, [](const Statement& row) {
        return FailedEntry{.id = row.number(0),
                           .failed_at_ms = static_cast<std::int64_t>(row.number(1)),
                           .reason = std::string{row.text(2)},
                           .bytes = std::string{row.blob(3)}};
    });
}

const QueueTotals& QueueFile::totals() const noexcept {
    return state_->totals;
}

std::uint64_t QueueFile::last_id() const noexcept {
    return state_->last_id;
}

const std::string& QueueFile::identity() const noexcept {
    return state_->identity;
}

const std::string& QueueFile::path() const noexcept {
    return state_->options.path;
}

}  // namespace warren::store
