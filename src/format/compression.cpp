#include "format/compression.hpp"

#include "core/assert.hpp"
#include "format/zstd.hpp"

#include <utility>

namespace warren::format {
namespace {

std::span<const std::byte> copy_bytes(std::string_view text, Arena& arena) {
    const std::string_view copied = arena.copy(text);
    return std::as_bytes(std::span{copied.data(), copied.size()});
}

}  // namespace

std::string_view name_of(Compression kind) noexcept {
    switch (kind) {
    case Compression::none:
        return "none";
    case Compression::gzip:
        return "gzip";
    case Compression::zstd:
        return "zstd";
    case Compression::deflate:
        return "deflate";
    }
    std::unreachable();
}

Compression compression_named(std::string_view name) noexcept {
    for (const Compression kind : {Compression::gzip, Compression::zstd}) {
        if (name == name_of(kind)) {
            return kind;
        }
    }
    return Compression::none;
}

std::string compress(Compression kind, std::string_view text) {
    WARREN_ASSERT(kind == Compression::gzip || kind == Compression::zstd);
    std::string compressed;
    if (kind == Compression::zstd) {
        compressed = zstd_compress(text);
    } else {
        Deflater{DeflateWrapping::gzip, deflate_fastest}.append(compressed, text);
    }
    return compressed.size() < text.size() ? compressed : std::string{};
}

std::expected<std::span<const std::byte>, InflateError> decompress(
    Compression kind, std::span<const std::byte> compressed, std::size_t size_max, Arena& arena) {
    WARREN_ASSERT(kind != Compression::none);
    if (kind == Compression::zstd) {
        const auto text = zstd_decompress(compressed, size_max);
        return text ? std::expected<std::span<const std::byte>, InflateError>{copy_bytes(*text,
                                                                                         arena)}
                    : std::unexpected{text.error()};
    }
    Inflater inflater{kind == Compression::gzip ? DeflateWrapping::gzip : DeflateWrapping::zlib};
    const auto text = inflater.inflate(compressed, size_max);
    return text ? std::expected<std::span<const std::byte>, InflateError>{copy_bytes(*text, arena)}
                : std::unexpected{text.error()};
}

}  // namespace warren::format
