#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "core/base64.hpp"
#include "core/timestamp.hpp"
#include "endpoint/proxy/buffered_call.hpp"
#include "format/json/json.hpp"
#include "store/queue_file.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace warren::app {
namespace {

struct BufferCommand {
    std::string file;
    bool list = false;
    bool failed = false;
    bool damaged = false;
    bool arguments = false;
    bool retry = false;
};

int fail_with(const Failure& failure) {
    std::fprintf(stderr, "error: %s\n", failure.message.c_str());
    return exit_failed;
}

std::string time_text(std::int64_t unix_ms) {
    return core::to_string(Timestamp{std::chrono::milliseconds{unix_ms}});
}

void append_text(std::string& line, std::string_view key, std::string_view text) {
    line.append(",\"").append(key).append("\":");
    format::json_append_string(line, text);
}

void append_call(std::string& line, const std::string& bytes, bool with_arguments) {
    Arena arena;
    const auto buffered = endpoint::decode_buffered(bytes, arena);
    if (!buffered) {
        return append_text(line, "unreadable", buffered.error().message);
    }
    append_text(line, "accepted", time_text(buffered->accepted_at_ms));
    append_text(line, "method", buffered->call.method);
    if (!buffered->call.metadata.idempotency_key.empty()) {
        append_text(line, "idempotency_key", buffered->call.metadata.idempotency_key);
    }
    if (!with_arguments) {
        return;
    }
    std::string arguments;
    if (format::json_encode(buffered->call.arguments, arguments)) {
        line += ",\"arguments\":" + arguments;
    } else {
        append_text(line, "unreadable", "the arguments have no form in JSON");
    }
}

/// One line of JSON for each entry, read in parts.
template <typename Read, typename Describe>
int print_each(const Read& read, const Describe& describe) {
    for (std::uint64_t after = 0;;) {
        const auto entries = read(after);
        if (!entries) {
            return fail_with(entries.error());
        }
        if (entries->empty()) {
            return exit_success;
        }
        for (const auto& entry : *entries) {
            std::string line = "{\"id\":" + std::to_string(entry.id);
            describe(line, entry);
            std::printf("%s}\n", line.c_str());
            after = entry.id;
            if (std::ferror(stdout) != 0) {
                return exit_success;  // `main` says so
            }
        }
    }
}

int print_waiting(store::QueueFile& file, const BufferCommand& command) {
    const int code = print_each([&file](std::uint64_t after) { return file.entries_after(after); },
                                [&command](std::string& line, const store::Entry& entry) {
                                    append_call(line, entry.bytes, command.arguments);
                                });
    for (const store::DamagedEntry& entry : file.found_damage()) {
        std::printf("{\"id\":%llu,\"unreadable\":\"%s\"}\n",
                    static_cast<unsigned long long>(entry.id), entry.what.c_str());
    }
    return code;
}

int print_damaged(store::QueueFile& file, const BufferCommand& command) {
    return print_each([&file](std::uint64_t after) { return file.damaged_after(after); },
                      [&command](std::string& line, const store::DamagedEntry& entry) {
                          append_text(line, "found", time_text(entry.found_at_ms));
                          append_text(line, "what", entry.what);
                          if (command.arguments) {
                              append_text(line, "base64", core::base64_encode(entry.bytes));
                          }
                      });
}

int print_failed(store::QueueFile& file, const BufferCommand& command) {
    return print_each([&file](std::uint64_t after) { return file.failed_after(after); },
                      [&command](std::string& line, const store::FailedEntry& entry) {
                          append_text(line, "failed", time_text(entry.failed_at_ms));
                          append_text(line, "reason", entry.reason);
                          append_call(line, entry.bytes, command.arguments);
                      });
}

int retry(store::QueueFile& file) {
    const std::uint64_t count = file.totals().failed_entries;
    auto retried = file.begin();
    if (retried) {
        retried = file.retry_failed();
    }
    if (retried) {
        retried = file.commit();
    }
    if (!retried) {
        return fail_with(retried.error());
    }
    std::printf("%llu of those that failed wait again\n", static_cast<unsigned long long>(count));
    return exit_success;
}

int print_totals(const store::QueueFile& file) {
    const store::QueueTotals& totals = file.totals();
    const auto print = [](const char* what, std::uint64_t entries, std::uint64_t bytes) {
        std::printf("%s: %llu calls, %llu bytes\n", what, static_cast<unsigned long long>(entries),
                    static_cast<unsigned long long>(bytes));
    };
    print("waiting", totals.entries, totals.bytes);
    print("failed", totals.failed_entries, totals.failed_bytes);
    std::printf("discarded: %llu that failed\n",
                static_cast<unsigned long long>(totals.failed_discarded));
    std::printf("damaged: %llu calls\n", static_cast<unsigned long long>(totals.damaged_entries));
    return exit_success;
}

int buffer(const BufferCommand& command) {
    auto file = store::QueueFile::open({.path = command.file, .must_be_whole = true});
    if (!file) {
        return fail_with(file.error());
    }
    if (command.retry) {
        return retry(*file);
    }
    if (command.failed) {
        return print_failed(*file, command);
    }
    if (command.damaged) {
        return print_damaged(*file, command);
    }
    return command.list ? print_waiting(*file, command) : print_totals(*file);
}

}  // namespace

void add_buffer(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "buffer", "Show what waits in the buffer of a proxy that does not run, and what failed.");
    const auto options = std::make_shared<BufferCommand>();
    command->add_option("file", options->file, "The buffer's file")
        ->type_name(value_name::file)
        ->required();
    auto* const list = command->add_flag("--list", options->list, "Each call that waits, as JSON");
    auto* const failed =
        command->add_flag("--failed", options->failed, "Each call that failed, as JSON");
    auto* const damaged = command->add_flag(
        "--damaged", options->damaged, "Each call that was altered or lost on the disk, as JSON");
    auto* const retry = command->add_flag(
        "--retry", options->retry, "Have all that failed sent again, behind those that wait");
    command->add_flag("--arguments", options->arguments,
                      "With their arguments, in which there may be secrets");
    list->excludes(failed)->excludes(damaged)->excludes(retry);
    failed->excludes(damaged)->excludes(retry);
    damaged->excludes(retry);
    command->callback([&action, options] { action = [options] { return buffer(*options); }; });
}

}  // namespace warren::app
