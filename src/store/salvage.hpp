#pragma once

#include <warren/error.hpp>

#include "store/queue_record.hpp"

#include <expected>
#include <optional>
#include <string>

namespace warren::store {

/// Make a queue's database anew from what can be read of one that is damaged, with or without
/// SQLite's help: every entry whose checksum is right. What is missing is noted in the new one by
/// its number. What was there is kept beside it, as "-damaged-1" or the next number that is free.
///
/// in   head: what the file beside it says
/// out  what was found, in words
/// err  internal: too little is left to tell what belongs to the queue, the disk is full, or what
///      was there cannot be kept; nothing is changed then
/// cost O(bytes of the files), each read twice
std::expected<std::string, Failure> salvage(const std::string& path,
                                            const std::optional<QueueRecord>& head);

bool is_salvage_unfinished(const std::string& path) noexcept;
/// Complete what an earlier process was killed in, where there is such.
/// out  where the damaged one is kept
/// err  internal: it cannot be kept; the next process may complete it
std::expected<std::string, Failure> finish_salvage(const std::string& path);

}  // namespace warren::store
