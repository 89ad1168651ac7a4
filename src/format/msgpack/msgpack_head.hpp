#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace warren::format {

/// The first bytes of one MessagePack object: its format, and its number or length.
struct MsgpackHead {
    enum class Kind : std::uint8_t {
        null,
        boolean,
        int64,
        uint64,
        float64,
        text,
        bytes,
        list,
        map,
        extension,   // the head ends with the extension's type
        never_used,  // 0xc1
    };

    Kind kind = Kind::null;
    std::uint8_t size_bytes = 1;  // of the head
    std::uint64_t bits = 0;       // the number's bits, the truth, or how many bytes, items or
                                  // members follow
};

template <typename Number>
Number load_big_endian(const std::byte* at) noexcept {
    Number number;
    std::memcpy(&number, at, sizeof number);
    return std::endian::native == std::endian::little ? std::byteswap(number) : number;
}

/// Read the head that `input` starts with.                     [MessagePack specification, Formats]
/// out  false when `input` ends within it
/// cost O(1)                                                                          thread any
// NOLINTNEXTLINE(readability-function-size): a case for each kind of head
[[gnu::always_inline]] inline bool msgpack_read_head(std::span<const std::byte> input,
                                                     MsgpackHead& head) noexcept {
    using enum MsgpackHead::Kind;
    if (input.empty()) [[unlikely]] {
        return false;
    }
    const auto first = static_cast<std::uint8_t>(input[0]);
    const auto fixed = [&head](MsgpackHead::Kind kind, std::uint64_t bits) {
        head = {kind, 1, bits};
        return true;
    };
    // A big-endian number of the type given follows the first byte, and then `more` bytes.
    const auto wide = [&head, input]<typename Number>(MsgpackHead::Kind kind, Number,
                                                      std::size_t more = 0) {
        if (input.size() < 1 + sizeof(Number) + more) [[unlikely]] {
            return false;
        }
        const auto number = load_big_endian<Number>(input.data() + 1);
        head = {kind, static_cast<std::uint8_t>(1 + sizeof(Number) + more),
                static_cast<std::uint64_t>(static_cast<std::int64_t>(number))};
        return true;
    };
    const auto extension_of = [&head, input](std::uint64_t bytes) {
        head = {extension, 2, bytes};
        return input.size() >= 2;
    };
    if (first < 0x80) {
        return fixed(int64, first);
    }
    if (first < 0x90) {
        return fixed(map, first & 0x0fU);
    }
    if (first < 0xa0) {
        return fixed(list, first & 0x0fU);
    }
    if (first < 0xc0) {
        return fixed(text, first & 0x1fU);
    }
    switch (first) {
    case 0xc0:
        return fixed(null, 0);
    case 0xc1:
        return fixed(never_used, 0);
    case 0xc2:
    case 0xc3:
        return fixed(boolean, first & 1U);
    case 0xc4:
        return wide(bytes, std::uint8_t{});
    case 0xc5:
        return wide(bytes, std::uint16_t{});
    case 0xc6:
        return wide(bytes, std::uint32_t{});
    case 0xc7:
        return wide(extension, std::uint8_t{}, 1);
    case 0xc8:
        return wide(extension, std::uint16_t{}, 1);
    case 0xc9:
        return wide(extension, std::uint32_t{}, 1);
    case 0xca:
        if (!wide(float64, std::uint32_t{})) {
            return false;
        }
        head.bits = std::bit_cast<std::uint64_t>(
            static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.bits))));
        return true;
    case 0xcb:
        return wide(float64, std::uint64_t{});
    case 0xcc:
        return wide(int64, std::uint8_t{});
    case 0xcd:
        return wide(int64, std::uint16_t{});
    case 0xce:
        return wide(int64, std::uint32_t{});
    case 0xcf:
        return wide(uint64, std::uint64_t{});
    case 0xd0:
        return wide(int64, std::int8_t{});
    case 0xd1:
        return wide(int64, std::int16_t{});
    case 0xd2:
        return wide(int64, std::int32_t{});
    case 0xd3:
        return wide(int64, std::int64_t{});
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        return extension_of(std::uint64_t{1} << (first - 0xd4U));
    case 0xd9:
        return wide(text, std::uint8_t{});
    case 0xda:
        return wide(text, std::uint16_t{});
    case 0xdb:
        return wide(text, std::uint32_t{});
    case 0xdc:
        return wide(list, std::uint16_t{});
    case 0xdd:
        return wide(list, std::uint32_t{});
    case 0xde:
        return wide(map, std::uint16_t{});
    case 0xdf:
        return wide(map, std::uint32_t{});
    default:
        return fixed(int64,
                     static_cast<std::uint64_t>(std::int64_t{static_cast<std::int8_t>(first)}));
    }
}

}  // namespace warren::format
