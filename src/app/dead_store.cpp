#include "app/dead.hpp"
#include "app/exit_code.hpp"
#include "app/read_file.hpp"
#include "protocol/request_record.hpp"
#include "store/open_session.hpp"
#include "store/queue_head.hpp"
#include "store/store_schema.hpp"
#include "store/unix_time.hpp"

#include <cstdio>
#include <optional>
#include <vector>

// Dead letters of a server's store, which servers may have open meanwhile.
namespace warren::app {
namespace {

constexpr int dead_calls_at_once = 100;

DeadLetter letter_of(const store::DeadCall& dead) {
    DeadLetter letter{.number = static_cast<std::uint64_t>(dead.id),
                      .method = dead.method,
                      .reason = dead.reason,
                      .died_ms = dead.last_at_ms,
                      .attempts = dead.attempts,
                      .server = dead.server};
    if (dead.first_at_ms != 0) {
        letter.first_ms = dead.first_at_ms;
    }
    Arena arena;
    const auto record = protocol::read_request_record(dead.request, arena);
    if (!dead.is_whole || !record) {
        letter.unreadable = dead.is_whole ? record.error().message : "it was altered in the store";
        return letter;
    }
    letter.correlation_id = record->call.correlation_id;
    letter.idempotency_key = record->call.metadata.idempotency_key;
    letter.priority = record->call.metadata.priority;
    letter.arguments = Dynamic{record->call.arguments};
    return letter;
}

/// One transaction of a session.
/// in   change: gives false where there is nothing to commit
template <typename Change>
std::expected<bool, Failure> transact(store::CallSession& session, Change&& change) {
    if (auto begun = session.begin(store::Durability::machine); !begun) {
        return std::unexpected{std::move(begun.error())};
    }
    std::expected<bool, Failure> changed = change();
    if (changed && *changed) {
        if (auto committed = session.commit(); !committed) {
            changed = std::unexpected{std::move(committed.error())};
        }
    }
    if (!changed || !*changed) {
        session.rollback();
    }
    return changed;
}

/// The call begins anew, as one that a server of the store runs: all of that, or nothing.
/// out  false: somebody has its key now, or has taken it from here
std::expected<bool, Failure> put_back(store::CallSession& session, const store::DeadCall& dead) {
    return transact(session, [&]() -> std::expected<bool, Failure> {
        const auto removed = session.remove_dead(dead.id);
        if (!removed || !*removed) {
            return removed;
        }
        const auto forgotten = session.forget_call(dead.key);
        if (!forgotten || !*forgotten) {
            return forgotten;
        }
        const auto put = session.put_later({.key = dead.key,
                                            .method = dead.method,
                                            .request = dead.request,
                                            .due_at_ms = store::unix_ms_now()});
        return put ? std::expected<bool, Failure>{true} : std::unexpected{put.error()};
    });
}

class DeadStore {
public:
    DeadStore(const DeadCommand& command, store::CallSession& session)
        : command_{command}, session_{session} {}

    int run() {
        const auto ended = each();
        if (ended || changed_ != 0) {
            print_dead_count(command_, changed_);
        }
        if (!ended) {
            std::fprintf(stderr, "error: %s\n", to_string(ended.error()).c_str());
        }
        return ended && !has_kept_any_ ? exit_success : exit_failed;
    }

private:
    /// No transaction is open while something is printed: servers write meanwhile.
    std::expected<void, Failure> each() {
        for (std::int64_t after = 0;;) {
            std::vector<store::DeadCall> page;
            const auto read = transact(session_, [&]() -> std::expected<bool, Failure> {
                auto found = session_.dead_after(after, dead_calls_at_once);
                if (!found) {
                    return std::unexpected{std::move(found.error())};
                }
                page = std::move(*found);
                return false;
            });
            if (!read) {
                return std::unexpected{read.error()};
            }
            for (const store::DeadCall& dead : page) {
                after = dead.id;
                const DeadLetter letter = letter_of(dead);
                if (!command_.filter.matches(letter)) {
                    continue;
                }
                if (matched_ == command_.filter.count_max || std::ferror(stdout) != 0) {
                    return {};
                }
                ++matched_;
                if (auto done = treat(dead, letter); !done) {
                    return done;
                }
            }
            if (page.empty()) {
                return {};
            }
        }
    }

    std::expected<void, Failure> treat(const store::DeadCall& dead, const DeadLetter& letter) {
        if (command_.action == DeadAction::list || command_.action == DeadAction::show) {
            print_dead(command_, letter);
            return {};
        }
        if (command_.action == DeadAction::retry && !letter.unreadable.empty()) {
            stay(dead, letter.unreadable);
            return {};
        }
        const auto changed =
            command_.action == DeadAction::retry
                ? put_back(session_, dead)
                : transact(session_, [&] { return session_.remove_dead(dead.id); });
        if (!changed) {
            return std::unexpected{changed.error()};
        }
        if (*changed) {
            ++changed_;
        } else {
            stay(dead, "a call with its key runs now, or it is gone by now");
        }
        return {};
    }

    void stay(const store::DeadCall& dead, const std::string& why) {
        has_kept_any_ = true;
        std::fprintf(stderr, "error: %lld stays: %s\n", static_cast<long long>(dead.id),
                     why.c_str());
    }

    const DeadCommand& command_;
    store::CallSession& session_;
    std::uint64_t matched_ = 0;
    std::uint64_t changed_ = 0;
    bool has_kept_any_ = false;
};

bool is_postgresql(std::string_view from) noexcept {
    return from.starts_with("postgresql:") || from.starts_with("postgres:");
}

}  // namespace

bool is_store(std::string_view from) {
    if (is_postgresql(from)) {
        return true;
    }
    const std::string path{from};
    if (from.contains("://") || store::file_id(path).inode == 0) {
        return false;
    }
    // What a store has beside it, or else what SQLite's file says that it is, once that is there.
    constexpr std::size_t id_at = 68;  // [SQLite file format, 1.3.8]
    const auto head = read_file(path, id_at + 3);
    std::uint32_t id = 0;
    for (std::size_t at = id_at; head && at < id_at + 4 && at < head->size(); ++at) {
        id = id << 8U | static_cast<unsigned char>((*head)[at]);
    }
    return store::file_id(path + "-owners").inode != 0 || id == store::store_application_id;
}

int dead_in_store(const DeadCommand& command, const std::string& from) {
    auto session = is_postgresql(from) ? store::open_postgresql(from) : store::open_sqlite(from);
    if (!session) {
        std::fprintf(stderr, "error: %s\n", session.error().message.c_str());
        return exit_failed;
    }
    return DeadStore{command, **session}.run();
}

}  // namespace warren::app
