#include "store/sqlite_session.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace warren::store {
namespace {

/// When to ask a store again that cannot be written now.
constexpr std::chrono::milliseconds store_retry_after{1'000};

}  // namespace

/// A record, owning what its views show.
struct SqliteSession::Found {
    std::int64_t id = 0;
    std::string text{};  // key, method, request and response, one after the other
    StoredCall call{};
    bool is_whole = false;
};

Failure SqliteSession::failure() const {
    const std::string text = database_.error_text();
    switch (database_.error()) {
    case SQLITE_FULL:
        return {.code = Code::overloaded,
                .message = name_ + " cannot be written: the disk is full",
                .retry_after = store_retry_after};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return {.code = Code::overloaded,
                .message = name_ + " is in use by another process",
                .retry_after = store_retry_after};
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
        return {.code = Code::overloaded,
                .message = name_ + " cannot be written: " + text,
                .retry_after = store_retry_after};
    default:
        return {.code = Code::internal, .message = name_ + " fails: " + text};
    }
}

/// Have the file open that is in its place.
std::expected<void, Failure> SqliteSession::reopen() {
    if (is_open_ && !file_id(path_).is_one_with(place_)) {
        close_file();
    }
    if (!is_open_) {
        if (auto opened = open_file(); !opened) {
            close_file();
            opened.error().code = Code::overloaded;
            opened.error().retry_after = store_retry_after;
            return opened;
        }
    }
    return {};
}

std::expected<void, Failure> SqliteSession::begin(Durability durability) {
    if (auto opened = reopen(); !opened) {
        return opened;
    }
    uncommitted_bytes_ = 0;
    if (durability_ != durability) {
        if (database_.execute(durability == Durability::machine
                                  ? "PRAGMA synchronous = FULL"
                                  : "PRAGMA synchronous = NORMAL") != SQLITE_OK) {
            return std::unexpected{failure()};
        }
        durability_ = durability;
    }
    if (begin_.run() != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    return {};
}

std::expected<void, Failure> SqliteSession::commit() {
    const bool is_counted = count_commit_.step() == SQLITE_ROW;
    const std::uint64_t commits = is_counted ? count_commit_.number(0) : 0;
    count_commit_.reset();
    if (!is_counted || commit_.run() != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    if (durability_ == Durability::machine) {
        owner_.note_commits(commits);
    }
    bytes_ = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, static_cast<std::int64_t>(bytes_) + uncommitted_bytes_));
    held_.commit();
    return {};
}

void SqliteSession::rollback() noexcept {
    if (is_open_ && database_.in_transaction()) {
        rollback_.run();
    }
    held_.rollback();
    uncommitted_bytes_ = 0;
}

std::expected<Claimed, Failure> SqliteSession::claim(const ClaimRequest& request,
                                                     std::int64_t now_ms) {
    const auto inserted = insert(first_record(request, now_ms, owner_.number()));
    if (!inserted) {
        return std::unexpected{inserted.error()};
    }
    if (*inserted) {
        return Claimed{.first_at_ms = now_ms};
    }
    auto found = find(request.key);
    if (!found) {
        return std::unexpected{std::move(found.error())};
    }
    if (!(*found)->is_whole) {
        return Claimed{.state = ClaimState::damaged};
    }
    const auto lives = [](const void* owners, std::int64_t number) {
        return static_cast<const OwnerLock*>(owners)->lives(number);
    };
    ClaimDecision decision =
        decide(request, (*found)->call, now_ms, owner_.number(), lives, &owner_);
    if (decision.is_written) {
        if (auto written = update((*found)->id, decision.next); !written) {
            return std::unexpected{std::move(written.error())};
        }
    }
    return std::move(decision.claimed);
}

std::expected<bool, Failure> SqliteSession::keep(const HeldCall& call, std::string_view response,
                                                 std::int64_t now_ms) {
    if (const auto held = held_.take(call.key); held && call.attempt == 1) {
        const auto answered = answer(call, held.mapped(), response, now_ms);
        if (!answered || *answered) {
            return answered;
        }
    }
    auto found = find_held(call);
    if (!found) {
        return std::unexpected{std::move(found.error())};
    }
    if (!*found) {
        return false;
    }
    StoredCall answered = (*found)->call;
    answered.state = RecordState::answered;
    answered.owner = 0;
    answered.changed_at_ms = now_ms;
    answered.response = response;
    uncommitted_bytes_ -= static_cast<std::int64_t>((*found)->call.bytes());
    uncommitted_bytes_ += static_cast<std::int64_t>(answered.bytes());
    if (auto updated = update((*found)->id, answered); !updated) {
        return std::unexpected{std::move(updated.error())};
    }
    return true;
}

std::expected<void, Failure> SqliteSession::let_go(const HeldCall& call, LetGo how) {
    held_.take(call.key);
    auto found = find_held(call);
    if (!found) {
        return std::unexpected{std::move(found.error())};
    }
    if (!*found) {
        return {};
    }
    StoredCall left = (*found)->call;
    if (how == LetGo::undone && left.attempt == 1) {
        return remove((*found)->id, left.bytes());
    }
    left.attempt -= how == LetGo::undone ? 1 : 0;
    left.state = RecordState::begun;
    left.owner = 0;
    return update((*found)->id, left);
}

std::expected<void, Failure> SqliteSession::forget(const RecordLimits& limits,
                                                   std::int64_t now_ms) {
    constexpr std::uint64_t forgotten_at_once = 512;
    std::vector<std::pair<std::int64_t, std::uint64_t>> oldest;
    oldest_.bind(1, static_cast<std::int64_t>(forgotten_at_once));
    std::uint64_t over = bytes_ - std::min(bytes_, limits.bytes_max);
    int result = oldest_.step();
    for (; result == SQLITE_ROW; result = oldest_.step()) {
        const auto bytes = oldest_.number(1);
        const bool is_too_old = oldest_.signed_number(2) + limits.keep_ms <= now_ms;
        if (!is_too_old && over == 0) {
            result = SQLITE_DONE;
            break;
        }
        over -= std::min(over, bytes);
        oldest.emplace_back(oldest_.signed_number(0), bytes);
    }
    oldest_.reset();
    if (result != SQLITE_DONE) {
        return std::unexpected{failure()};
    }
    for (const auto& [id, bytes] : oldest) {
        if (auto removed = remove(id, bytes); !removed) {
            return removed;
        }
    }
    return {};
}

std::expected<std::optional<SqliteSession::Found>, Failure> SqliteSession::find(
    std::string_view key) {
    find_.bind_blob(1, key);
    const int result = find_.step();
    if (result != SQLITE_ROW) {
        find_.reset();
        if (result != SQLITE_DONE) {
            return std::unexpected{failure()};
        }
        return std::nullopt;
    }
    std::optional<Found> found{std::in_place};
    found->id = find_.signed_number(0);
    const std::string_view method = find_.text(1);
    const std::string_view request = find_.blob(2);
    const std::string_view response = find_.blob(8);
    found->text.reserve(key.size() + method.size() + request.size() + response.size());
    found->text.append(key).append(method).append(request).append(response);
    const std::string_view text = found->text;
    found->call = {.key = text.substr(0, key.size()),
                   .method = text.substr(key.size(), method.size()),
                   .request = text.substr(key.size() + method.size(), request.size()),
                   .state = static_cast<RecordState>(find_.number(3)),
                   .attempt = static_cast<std::uint32_t>(find_.number(4)),
                   .crashes = static_cast<std::uint32_t>(find_.number(5)),
                   .owner = find_.signed_number(6),
                   .changed_at_ms = find_.signed_number(7),
                   .response = text.substr(text.size() - response.size()),
                   .first_at_ms = find_.signed_number(10)};
    found->is_whole = find_.signed_number(9) == found->call.checksum();
    find_.reset();
    return found;
}

/// The record of a call that this process has.
/// out  none: another process has it, or nobody
std::expected<std::optional<SqliteSession::Found>, Failure> SqliteSession::find_held(
    const HeldCall& call) {
    auto found = find(call.key);
    if (found && *found &&
        (!(*found)->is_whole || (*found)->call.owner != owner_.number() ||
         (*found)->call.attempt != call.attempt)) {
        found->reset();
    }
    return found;
}

/// out  false: there is a record with its key
std::expected<bool, Failure> SqliteSession::insert(const StoredCall& call) {
    const std::int64_t checksum = call.checksum();
    insert_.bind_blob(1, call.key);
    insert_.bind_text(2, call.method);
    insert_.bind_blob(3, call.request);
    insert_.bind(4, static_cast<std::int64_t>(call.state));
    insert_.bind(5, call.owner);
    insert_.bind(6, call.changed_at_ms);
    insert_.bind(7, checksum);
    if (insert_.run() != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    if (database_.changes() == 0) {
        return false;
    }
    held_.add(database_.last_id(), checksum, call);
    uncommitted_bytes_ += static_cast<std::int64_t>(call.bytes());
    return true;
}

/// Keep the response of a call at its first attempt.
/// out  false: its record is not as it was
std::expected<bool, Failure> SqliteSession::answer(const HeldCall& call,
                                                   const HeldRecords::Record& record,
                                                   std::string_view response, std::int64_t now_ms) {
    const StoredCall answered{.key = call.key,
                              .method = record.method,
                              .request = record.request,
                              .state = RecordState::answered,
                              .changed_at_ms = now_ms,
                              .response = response};
    answer_.bind(1, record.id);
    answer_.bind(2, record.checksum);
    answer_.bind(3, static_cast<std::int64_t>(answered.state));
    answer_.bind(4, now_ms);
    answer_.bind_blob(5, response);
    answer_.bind(6, answered.checksum());
    if (answer_.run() != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    if (database_.changes() == 0) {
        return false;
    }
    uncommitted_bytes_ += static_cast<std::int64_t>(response.size());
    return true;
}

std::expected<void, Failure> SqliteSession::update(std::int64_t id, const StoredCall& call) {
    update_.bind(1, id);
    update_.bind(2, static_cast<std::int64_t>(call.state));
    update_.bind(3, static_cast<std::int64_t>(call.attempt));
    update_.bind(4, static_cast<std::int64_t>(call.crashes));
    update_.bind(5, call.owner);
    update_.bind(6, call.changed_at_ms);
    update_.bind_blob(7, call.response);
    update_.bind(8, call.checksum());
    return update_.run() == SQLITE_OK ? std::expected<void, Failure>{} : std::unexpected{failure()};
}

std::expected<void, Failure> SqliteSession::remove(std::int64_t id, std::uint64_t bytes) {
    remove_.bind(1, id);
    if (remove_.run() != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    uncommitted_bytes_ -= static_cast<std::int64_t>(bytes);
    return {};
}

std::expected<bool, Failure> SqliteSession::forget_call(const std::string& key) {
    const auto found = find(key);
    if (!found) {
        return std::unexpected{found.error()};
    }
    if (!*found) {
        return true;
    }
    const StoredCall& call = (*found)->call;
    if (call.owner != 0 && call.owner != owner_.number() && owner_.lives(call.owner)) {
        return false;
    }
    const auto removed = remove((*found)->id, call.bytes());
    return removed ? std::expected<bool, Failure>{true} : std::unexpected{removed.error()};
}

std::expected<std::exception_ptr, Failure> SqliteSession::run(
    const std::function<void(Transaction&)>& changes) {
    if (database_.execute("SAVEPOINT handler") != SQLITE_OK) {
        return std::unexpected{failure()};
    }
    std::exception_ptr thrown;
    try {
        handlers_->run(changes);
    } catch (...) {
        thrown = std::current_exception();
    }
    // A full disk may have undone the whole transaction.              [SQLite: lang_transaction, 3]
    if (!database_.in_transaction()) {
        return std::unexpected{Failure{.code = Code::overloaded,
                                       .message = name_ + " cannot be written: the disk is full",
                                       .retry_after = store_retry_after}};
    }
    if (database_.execute(thrown ? "ROLLBACK TO handler; RELEASE handler" : "RELEASE handler") !=
        SQLITE_OK) {
        return std::unexpected{failure()};
    }
    return thrown;
}

}  // namespace warren::store
