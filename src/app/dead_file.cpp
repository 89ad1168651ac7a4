#include "app/dead.hpp"
#include "app/exit_code.hpp"
#include "endpoint/proxy/buffered_call.hpp"
#include "store/queue_file.hpp"

#include <cstdio>

namespace warren::app {
namespace {

DeadLetter letter_in(const store::FailedEntry& entry) {
    DeadLetter letter{.number = entry.id, .reason = entry.reason, .died_ms = entry.failed_at_ms};
    Arena arena;
    const auto buffered = endpoint::decode_buffered(entry.bytes, arena);
    if (!buffered) {
        letter.unreadable = buffered.error().message;
        return letter;
    }
    letter.method = buffered->call.method;
    letter.first_ms = buffered->accepted_at_ms;
    letter.idempotency_key = buffered->call.metadata.idempotency_key;
    letter.priority = buffered->call.metadata.priority;
    letter.arguments = Dynamic{buffered->call.arguments};
    return letter;
}

std::expected<void, Failure> change(store::QueueFile& file, DeadAction action,
                                    const store::FailedEntry& entry) {
    if (action == DeadAction::retry) {
        if (const auto appended = file.append(entry.bytes); !appended) {
            return std::unexpected{appended.error()};
        }
    }
    return file.remove_failed(entry.id);
}

/// out  how many matched
std::expected<std::uint64_t, Failure> each_in(store::QueueFile& file, const DeadCommand& command) {
    const bool is_shown = command.action == DeadAction::list || command.action == DeadAction::show;
    std::uint64_t matched = 0;
    for (std::uint64_t after = 0;;) {
        const auto entries = file.failed_after(after);
        if (!entries) {
            return std::unexpected{entries.error()};
        }
        if (entries->empty()) {
            return matched;
        }
        for (const store::FailedEntry& entry : *entries) {
            after = entry.id;
            const DeadLetter letter = letter_in(entry);
            if (!command.filter.matches(letter)) {
                continue;
            }
            if (matched == command.filter.count_max || std::ferror(stdout) != 0) {
                return matched;
            }
            ++matched;
            if (is_shown) {
                print_dead(command, letter);
            } else if (const auto changed = change(file, command.action, entry); !changed) {
                return std::unexpected{changed.error()};
            }
        }
    }
}

/// All of it, or nothing.
std::expected<std::uint64_t, Failure> change_in(store::QueueFile& file,
                                                const DeadCommand& command) {
    const auto begun = file.begin(command.action == DeadAction::purge ? store::Changes::removals
                                                                      : store::Changes::any);
    if (!begun) {
        return std::unexpected{begun.error()};
    }
    auto changed = each_in(file, command);
    if (!changed) {
        file.rollback();
        return changed;
    }
    if (const auto committed = file.commit(); !committed) {
        return std::unexpected{committed.error()};
    }
    return changed;
}

}  // namespace

int dead_in_file(const DeadCommand& command) {
    const auto fail_with = [](const Failure& failure) {
        std::fprintf(stderr, "error: %s\n", failure.message.c_str());
        return exit_failed;
    };
    auto file = store::QueueFile::open({.path = command.from, .must_be_whole = true});
    if (!file) {
        return fail_with(file.error());
    }
    const bool is_shown = command.action == DeadAction::list || command.action == DeadAction::show;
    const auto matched = is_shown ? each_in(*file, command) : change_in(*file, command);
    if (!matched) {
        return fail_with(matched.error());
    }
    print_dead_count(command, *matched);
    return exit_success;
}

}  // namespace warren::app
