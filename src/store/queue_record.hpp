#pragma once

#include "store/queue_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace warren::store {

/// What a queue has, of one commit: written into the database with it, and into a file beside it,
/// so that what one of them lost shows by the other.
struct QueueRecord {
    std::string identity;       // 32 hexadecimal digits
    std::uint64_t commits = 0;  // so far
    /// Of the oldest entry that was not taken out. All from here to `last_id` are there, but for
    /// those that were taken out before their turn.
    std::uint64_t first_id = 1;
    std::uint64_t last_id = 0;
    QueueTotals totals{};
};

/// A line of text with its own checksum.
std::string encode(const QueueRecord& record);
/// out  nullopt: it is none, or damaged
std::optional<QueueRecord> decode_record(std::string_view text);

/// What tells that an entry is the one of a number and not altered: the first bytes of a SHA-256
/// digest. Nobody who does not know the queue's identity can make bytes that pass for an entry.
std::int64_t checksum_of(std::string_view identity, std::uint64_t id, std::string_view bytes);

}  // namespace warren::store
