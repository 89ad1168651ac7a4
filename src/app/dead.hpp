#pragma once

#include "app/dead_letter.hpp"
#include "app/output.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace warren::app {

enum class DeadAction : std::uint8_t { list, show, retry, purge };

/// What was asked for, read and checked.
struct DeadCommand {
    DeadAction action = DeadAction::list;
    std::string from{};   // an address, or a file
    std::string queue{};  // of dead letters; empty: that of the address's queue
    DeadFilter filter{};
    Output* output = nullptr;  // where it is shown; outlives the command
};

/// Show or change dead letters at a broker.
/// out  the program's exit code
int dead_at_broker(const DeadCommand& command, std::string_view address);
/// The same in the file of a proxy's buffer.
int dead_in_file(const DeadCommand& command);
/// Whether that is a server's store: PostgreSQL's address, or SQLite's file.
bool is_store(std::string_view from);
/// The same in such a store.
int dead_in_store(const DeadCommand& command, const std::string& from);

/// One of them, on standard output.
void print_dead(const DeadCommand& command, const DeadLetter& letter);
/// How many went, on standard output.
void print_dead_count(const DeadCommand& command, std::uint64_t count);

}  // namespace warren::app
