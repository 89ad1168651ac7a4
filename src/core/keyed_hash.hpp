#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warren::core {

struct HashKey {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

/// SipHash-1-3 of a text: who does not know the key cannot choose texts whose hashes are alike.
/// [Aumasson, Bernstein: SipHash, a fast short-input PRF]
/// cost O(characters), no allocation                                                 thread any
std::uint64_t siphash(const HashKey& key, std::string_view text) noexcept;

/// The key of this process, which nobody outside of it knows.
const HashKey& process_hash_key() noexcept;

/// The hash function of every table whose keys a peer chooses.
struct KeyedHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return siphash(process_hash_key(), text);
    }
};

}  // namespace warren::core
