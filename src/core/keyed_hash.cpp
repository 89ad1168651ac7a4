#include "core/keyed_hash.hpp"

#include <sys/auxv.h>

#include <bit>
#include <cstring>

namespace warren::core {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

std::uint64_t word_at(const char* octets, std::size_t size_bytes = sizeof(std::uint64_t)) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, octets, size_bytes);
    return word;
}

struct State {
    std::uint64_t v0, v1, v2, v3;

    void round() noexcept {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }

    void compress(std::uint64_t word) noexcept {
        v3 ^= word;
        round();
        v0 ^= word;
    }
};

/// The kernel gives every program sixteen random bytes.                           [getauxval(3)]
HashKey key_of_process() noexcept {
    const auto* const random = reinterpret_cast<const char*>(getauxval(AT_RANDOM));
    if (random == nullptr) {
        // Where a program lies in memory is random, too, if less so.
        static const char anchor = 0;
        return {reinterpret_cast<std::uintptr_t>(&anchor),
                reinterpret_cast<std::uintptr_t>(&key_of_process)};
    }
    // The C library guards the stack with these very bytes: they are not used as they are.
    const HashKey given{word_at(random), word_at(random + sizeof(std::uint64_t))};
    return {siphash(given, "first"), siphash(given, "second")};
}

}  // namespace

std::uint64_t siphash(const HashKey& key, std::string_view text) noexcept {
    State state{key.first ^ 0x736f6d6570736575U, key.second ^ 0x646f72616e646f6dU,
                key.first ^ 0x6c7967656e657261U, key.second ^ 0x7465646279746573U};
    const std::size_t whole = text.size() & ~std::size_t{7};
    for (std::size_t at = 0; at < whole; at += 8) {
        state.compress(word_at(text.data() + at));
    }
    std::uint64_t last = std::uint64_t{text.size()} << 56;
    if (whole != text.size()) {
        last |= word_at(text.data() + whole, text.size() - whole);
    }
    state.compress(last);
    state.v2 ^= 0xff;
    state.round();
    state.round();
    state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

const HashKey& process_hash_key() noexcept {
    static const HashKey key = key_of_process();
    return key;
}

}  // namespace warren::core
