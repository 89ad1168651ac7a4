#include "store/call_store_waiting.hpp"
#include "store/unix_time.hpp"

#include <utility>

// How a handler's changes become durable with its response: by the store's thread together with
// others, or by a transaction of the handler's own.
namespace warren::store {
namespace {

/// Sessions of handlers that are kept for the next ones.
constexpr std::size_t idle_sessions_max = 64;

/// As long as somebody waits for the call: whoever is stopped or cut off by then holds up others
/// in vain.
std::chrono::milliseconds silence_allowed(
    const std::optional<std::chrono::steady_clock::time_point>& deadline) {
    return deadline ? std::chrono::duration_cast<std::chrono::milliseconds>(
                          *deadline - std::chrono::steady_clock::now())
                    : std::chrono::milliseconds::max();
}

[[noreturn]] void refuse_without_lock() {
    throw Error{Code::outcome_unknown,
                "Nothing was changed: the call's lock was lost, as its lease was not renewed in "
                "time, and somebody else may have it"};
}

/// Last of all, so that whoever asks for the lock waits for the commit, and for nothing before it.
void check_lock(StoreLock& lock, CallSession& session) {
    const auto is_held = lock.is_over() ? std::expected<bool, Failure>{false}
                                        : session.holds_lock(lock.name, lock.token());
    if (!is_held) {
        throw Error{is_held.error()};
    }
    if (!*is_held) {
        lock.note_loss();
        refuse_without_lock();
    }
}

}  // namespace

void CallStore::commit(const Commit& commit) {
    if (commit.lock != nullptr && commit.lock->is_over()) {
        refuse_without_lock();  // also while the store is away
    }
    if (auto session = session_of_handler()) {
        commit_here(commit, *session);
        const std::lock_guard lock{mutex_};
        if (of_handlers_.size() < idle_sessions_max) {
            of_handlers_.push_back(std::move(session));
        }
        return;
    }
    Waiting waiting{.commit = commit};
    put([&](Batch& next) { next.commits.push_back(&waiting); });
    std::unique_lock lock{mutex_};
    const auto is_settled = [&] { return waiting.is_settled; };
    if (commit.deadline && !settled_.wait_until(lock, *commit.deadline, is_settled) &&
        std::erase(next_.commits, &waiting) != 0) {
        throw Error{Code::deadline_exceeded,
                    name_ + " had no time for the call before its deadline"};
    }
    settled_.wait(lock, is_settled);
    if (waiting.thrown) {
        std::rethrow_exception(waiting.thrown);
    }
    if (!waiting.outcome) {
        throw Error{std::move(waiting.outcome.error())};
    }
}

/// out  null: handlers have none of their own
std::unique_ptr<CallSession> CallStore::session_of_handler() {
    {
        const std::lock_guard lock{mutex_};
        if (!of_handlers_.empty()) {
            auto session = std::move(of_handlers_.back());
            of_handlers_.pop_back();
            return session;
        }
    }
    auto session = session_->of_handler();
    if (!session) {
        throw Error{std::move(session.error())};
    }
    return std::move(*session);
}

/// Make the changes, and keep the response.
/// err  throws what becomes of the call; then all of it is to be undone
void CallStore::change(const Commit& commit, CallSession& session, Transaction& transaction) {
    const std::string response = commit.change(transaction);
    if (commit.call) {
        const auto kept = session.keep(*commit.call, response, unix_ms_now());
        if (!kept) {
            throw Error{kept.error()};
        }
        if (!*kept) {
            throw Error{Code::outcome_unknown,
                        "Nothing was changed: the call was begun anew elsewhere meanwhile"};
        }
    }
    if (commit.lock != nullptr) {
        check_lock(*commit.lock, session);
    }
}

void CallStore::commit_here(const Commit& commit, CallSession& session) {
    session.limit_silence(silence_allowed(commit.deadline));
    auto done = session.begin(Durability::machine);
    bool is_confirmation_lost = false;
    if (done) {
        auto thrown =
            session.run([&](Transaction& transaction) { change(commit, session, transaction); });
        if (thrown && *thrown) {
            std::rethrow_exception(*thrown);
        }
        done = thrown ? session.commit() : std::unexpected{std::move(thrown.error())};
        is_confirmation_lost = thrown && !done && done.error().code == Code::overloaded;
    }
    if (done) {
        counters_.commits.fetch_add(1, std::memory_order_relaxed);
        counters_.kept.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    session.rollback();
    // What was not confirmed may have been made all the same: the record says so, and without one
    // nobody is told that to try again is safe.
    if (!commit.call && is_confirmation_lost) {
        throw Error{
            Code::outcome_unknown,
            "The changes were not confirmed, and may have been made: " + done.error().message};
    }
    if (!commit.call || !session.is_kept(*commit.call).value_or(false)) {
        throw Error{std::move(done.error())};
    }
}

std::expected<void, Failure> CallStore::change(Waiting& waiting) {
    auto thrown = session_->run(
        [&](Transaction& transaction) { change(waiting.commit, *session_, transaction); });
    if (!thrown) {
        return std::unexpected{std::move(thrown.error())};
    }
    waiting.thrown = std::move(*thrown);
    return {};
}

}  // namespace warren::store
