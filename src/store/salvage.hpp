#pragma once

#include <warren/error.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "store/queue_record.hpp"

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

/// Numbers in short, such as "3, 7-12".
class IdRanges {
public:
    /// In growing order.
    void add(std::uint64_t id);
    std::uint64_t count() const noexcept { return count_; }
    std::string text() const;

private:
    void close();

    static constexpr std::size_t text_bytes_max = 1'000;
    std::uint64_t first_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t count_ = 0;
    std::string text_;
};

}  // namespace warren::store
