#include "store/queue_file.hpp"

#include "store/queue_file_state.hpp"
#include "store/unix_time.hpp"

#include <algorithm>
#include <utility>

namespace warren::store {
namespace {

// What may be wrong with an entry.
constexpr std::string_view what_damaged = "damaged";
constexpr std::string_view what_missing = "missing";

}  // namespace

QueueFile::QueueFile(std::unique_ptr<State> state) noexcept : state_{std::move(state)} {}
QueueFile::QueueFile(QueueFile&&) noexcept = default;
QueueFile::~QueueFile() = default;

Failure QueueFile::State::full() const {
    return {.code = Code::overloaded,
            .message = "The buffer " + options.path +
                       " cannot grow: the disk is full, or a file may not be so large (ulimit -f)"};
}

Failure QueueFile::State::failure() const {
    const std::string file = "The buffer " + options.path;
    switch (sql.database.error()) {
    case SQLITE_FULL:
        return full();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return {.code = Code::internal,
                .message = file + " is damaged: " + sql.database.error_text()};
    default:
        return {.code = Code::internal,
                .message = file + " cannot be used: " + sql.database.error_text()};
    }
}

std::expected<void, Failure> QueueFile::begin(Changes changes) {
    if (state_->is_cramped || !state_->reserve->is_held()) {
        state_->shrink();
    }
    if (changes == Changes::any && !state_->is_cramped) {
        state_->reserve->take();
    }
    state_->committed = state_->record;
    return state_->checked(state_->sql.begin.run());
}

std::expected<void, Failure> QueueFile::commit() {
    QueueRecord& record = state_->record;
    // The last moment before what was appended counts as accepted.
    if (record.last_id != state_->committed.last_id) {
        if (auto in_place = state_->check_place(); !in_place) {
            return in_place;
        }
    }
    ++record.commits;
    const std::string line = encode(record);
    state_->sql.keep_record.bind_text(1, std::string_view{line}.substr(0, line.size() - 1));
    auto done = state_->checked(state_->sql.keep_record.run());
    if (done) {
        done = state_->checked(state_->sql.commit.run());
    }
    if (done) {
        state_->head.write(line);
        state_->keep_log_short();
    }
    return done;
}

void QueueFile::rollback() noexcept {
    if (state_->sql.database.error() == SQLITE_FULL) {
        state_->reserve->release();
    }
    // Some errors have done so already.
    if (state_->sql.database.in_transaction()) {
        state_->sql.rollback.run();
    }
    state_->record = state_->committed;
}

std::expected<std::uint64_t, Failure> QueueFile::append(std::string_view bytes) {
    if (!state_->reserve->is_held()) {
        return std::unexpected{state_->full()};
    }
    QueueRecord& record = state_->record;
    const std::uint64_t id = record.last_id + 1;
    Statement& insert = state_->sql.insert;
    insert.bind(1, id);
    insert.bind_blob(2, bytes);
    insert.bind(3, checksum_of(record.identity, id, bytes));
    if (insert.run() != SQLITE_OK) {
        return std::unexpected{state_->failure()};
    }
    record.last_id = id;
    ++record.totals.entries;
    record.totals.bytes += bytes.size();
    return id;
}

std::expected<void, Failure> QueueFile::remove(std::uint64_t id) {
    const auto removed_bytes = state_->run_on_one(state_->sql.remove, id);
    if (!removed_bytes) {
        return std::unexpected{removed_bytes.error()};
    }
    if (*removed_bytes) {
        QueueTotals& totals = state_->record.totals;
        totals.entries -= std::min<std::uint64_t>(totals.entries, 1);
        totals.bytes -=
            totals.entries == 0 ? totals.bytes : std::min(totals.bytes, **removed_bytes);
    }
    return state_->remove(id);
}

std::expected<void, Failure> QueueFile::fail(std::uint64_t id, std::string_view reason,
                                             std::int64_t failed_at_ms) {
    Statement& copy = state_->sql.copy_to_failed;
    copy.bind(2, failed_at_ms);
    copy.bind_text(3, reason);
    const auto copied_bytes = state_->run_on_one(copy, id);
    if (!copied_bytes) {
        return std::unexpected{copied_bytes.error()};
    }
    if (!*copied_bytes) {
        return {};
    }
    ++state_->record.totals.failed_entries;
    state_->record.totals.failed_bytes += **copied_bytes;
    auto removed = remove(id);
    return removed ? state_->discard_over_limits() : removed;
}

std::expected<void, Failure> QueueFile::retry_failed() {
    for (std::uint64_t after = 0;;) {
        const auto failed = failed_after(after);
        if (!failed) {
            return std::unexpected{failed.error()};
        }
        for (const DamagedEntry& damaged : found_damage()) {
            if (auto done = set_aside(damaged); !done) {
                return done;
            }
        }
        if (failed->empty()) {
            break;
        }
        for (const FailedEntry& entry : *failed) {
            if (const auto appended = append(entry.bytes); !appended) {
                return std::unexpected{appended.error()};
            }
            after = entry.id;
        }
    }
    state_->record.totals.failed_entries = state_->record.totals.failed_bytes = 0;
    return state_->checked(state_->sql.remove_failed.run());
}

std::expected<void, Failure> QueueFile::remove_failed(std::uint64_t id) {
    const auto removed_bytes = state_->run_on_one(state_->sql.remove_one_failed, id);
    if (!removed_bytes) {
        return std::unexpected{removed_bytes.error()};
    }
    if (*removed_bytes) {
        QueueTotals& totals = state_->record.totals;
        totals.failed_entries -= std::min<std::uint64_t>(totals.failed_entries, 1);
        totals.failed_bytes -= totals.failed_entries == 0
                                   ? totals.failed_bytes
                                   : std::min(totals.failed_bytes, **removed_bytes);
    }
    return {};
}

std::expected<void, Failure> QueueFile::set_aside(const DamagedEntry& entry) {
    Statement& set = state_->sql.set_aside;
    set.bind(1, entry.id);
    set.bind(2, entry.found_at_ms);
    set.bind_text(3, entry.what);
    if (auto done = state_->checked(set.run()); !done) {
        return done;
    }
    ++state_->record.totals.damaged_entries;
    const std::uint64_t entries = state_->record.totals.entries;
    auto removed = remove(entry.id);
    if (removed && entry.what == what_missing && entries != 0) {
        --state_->record.totals.entries;
    }
    return removed;
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
    QueueTotals& totals = record.totals;
    while (totals.failed_entries > options.failed_entries_max ||
           totals.failed_bytes > options.failed_bytes_max) {
        const auto bytes = run_returning(sql.discard_failed);
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
    int result = SQLITE_ROW;
    while (rows.size() < limits.entries_max && bytes < limits.bytes_max &&
           (result = statement.step()) == SQLITE_ROW) {
        if (auto row = take(statement)) {
            bytes += row->bytes.size();
            rows.push_back(std::move(*row));
        }
    }
    is_at_end = result == SQLITE_DONE;
    auto outcome = is_at_end || result == SQLITE_ROW
                       ? std::expected<std::vector<Row>, Failure>{std::move(rows)}
                       : std::unexpected{failure()};
    statement.reset();
    return outcome;
}

bool QueueFile::State::was_removed(std::uint64_t id) {
    if (!has_removed) {
        return false;
    }
    sql.is_removed.bind(1, id);
    const bool was = sql.is_removed.step() == SQLITE_ROW;
    sql.is_removed.reset();
    return was;
}

std::expected<void, Failure> QueueFile::State::remove(std::uint64_t id) {
    if (id < record.first_id || id > record.last_id) {
        return {};
    }
    if (id != record.first_id) {
        has_removed = true;
        sql.note_removed.bind(1, id);
        return checked(sql.note_removed.run());
    }
    while (was_removed(++record.first_id)) {
        sql.forget_removed.bind(1, record.first_id);
        if (auto forgotten = checked(sql.forget_removed.run()); !forgotten) {
            return forgotten;
        }
    }
    return {};
}

void QueueFile::State::find(std::uint64_t id, std::string_view what) {
    found.push_back(
        {.id = id, .found_at_ms = unix_ms_now(), .what = std::string{what}, .bytes = {}});
}

void QueueFile::State::find_missing(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t id = from; id < to; ++id) {
        if (!was_removed(id)) {
            find(id, what_missing);
        }
    }
}

std::expected<std::vector<Entry>, Failure> QueueFile::entries_after(std::uint64_t id,
                                                                    const ReadLimits& limits) {
    State& state = *state_;
    std::uint64_t next = std::max(id + 1, state.record.first_id);
    auto entries = state.rows<Entry>(
        state.sql.read, next - 1, limits, [&](const Statement& row) -> std::optional<Entry> {
            const std::uint64_t number = row.number(0);
            const std::string_view bytes = row.blob(1);
            state.find_missing(next, std::min(number, state.record.last_id + 1));
            next = std::max(next, number + 1);
            if (!state.is_intact(number, bytes, row.signed_number(2))) {
                state.find(number, what_damaged);
                return std::nullopt;
            }
            return Entry{.id = number, .bytes = std::string{bytes}};
        });
    if (entries && state.is_at_end) {
        state.find_missing(next, state.record.last_id + 1);
    }
    return entries;
}

std::expected<std::vector<FailedEntry>, Failure> QueueFile::failed_after(std::uint64_t id,
                                                                         const ReadLimits& limits) {
    State& state = *state_;
    return state.rows<FailedEntry>(
        state.sql.read_failed, id, limits,
        [&state](const Statement& row) -> std::optional<FailedEntry> {
            FailedEntry entry{.id = row.number(0),
                              .failed_at_ms = row.signed_number(1),
                              .reason = std::string{row.text(2)},
                              .bytes = std::string{row.blob(3)}};
            if (!state.is_intact(entry.id, entry.bytes, row.signed_number(4))) {
                state.find(entry.id, what_damaged);
                return std::nullopt;
            }
            return entry;
        });
}

std::expected<std::vector<DamagedEntry>, Failure> QueueFile::damaged_after(
    std::uint64_t id, const ReadLimits& limits) {
    return state_->rows<DamagedEntry>(state_->sql.read_damaged, id, limits,
                                      [](const Statement& row) -> std::optional<DamagedEntry> {
                                          return DamagedEntry{.id = row.number(0),
                                                              .found_at_ms = row.signed_number(1),
                                                              .what = std::string{row.text(2)},
                                                              .bytes = std::string{row.blob(3)}};
                                      });
}

std::vector<DamagedEntry> QueueFile::found_damage() {
    return std::exchange(state_->found, {});
}

const std::string& QueueFile::opening_note() const noexcept {
    return state_->opening_note;
}

const QueueTotals& QueueFile::totals() const noexcept {
    return state_->record.totals;
}

std::uint64_t QueueFile::last_id() const noexcept {
    return state_->record.last_id;
}

const std::string& QueueFile::identity() const noexcept {
    return state_->record.identity;
}

const std::string& QueueFile::path() const noexcept {
    return state_->options.path;
}

}  // namespace warren::store
