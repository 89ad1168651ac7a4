// Compressed bytes: the first one says how. What comes out stays under its limit, and what is
// compressed comes back.
#include "format/compression.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren;
    using namespace warren::format;
    constexpr std::size_t bytes_max = 100'000;
    constexpr Compression kinds[] = {Compression::gzip, Compression::zstd, Compression::deflate};
    if (size == 0) {
        return 0;
    }
    Arena arena;
    const Compression kind = kinds[data[0] % std::size(kinds)];
    const std::span<const std::byte> input = std::as_bytes(std::span{data + 1, size - 1});
    if (const auto plain = decompress(kind, input, bytes_max, arena);
        plain && plain->size() > bytes_max) {
        std::abort();
    }
    if (kind == Compression::deflate) {
        return 0;
    }
    const std::string_view text{reinterpret_cast<const char*>(input.data()), input.size()};
    if (const std::string small = compress(kind, text); !small.empty()) {
        const auto again =
            decompress(kind, std::as_bytes(std::span{small.data(), small.size()}), size, arena);
        if (!again ||
            std::string_view{reinterpret_cast<const char*>(again->data()), again->size()} != text) {
            std::abort();
        }
    }
    return 0;
}
