#pragma once

#include "amqp/output_buffer.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string_view>

namespace warren::amqp {

inline constexpr std::size_t short_string_bytes_max = 255;

/// A cursor over the primitive types of the wire: big-endian integers, short and long strings.
/// A read past the end gives zeros and marks the reader failed, so that a decoder asks once, at its
/// end.                                                                       [AMQP 0-9-1 4.2.5]
class Reader {
public:
    explicit Reader(std::span<const std::byte> input) noexcept : rest_{input} {}

    bool failed() const noexcept { return failed_; }
    void fail() noexcept { failed_ = true; }
    std::span<const std::byte> rest() const noexcept { return rest_; }

    template <std::unsigned_integral Integer>
    Integer integer() noexcept {
        const std::span<const std::byte> octets = take(sizeof(Integer));
        Integer number = 0;
        for (const std::byte octet : octets) {
            number = static_cast<Integer>(static_cast<std::uint64_t>(number) << 8 |
                                          std::to_integer<std::uint8_t>(octet));
        }
        return number;
    }
    std::uint8_t u8() noexcept { return integer<std::uint8_t>(); }
    std::uint16_t u16() noexcept { return integer<std::uint16_t>(); }
    std::uint32_t u32() noexcept { return integer<std::uint32_t>(); }
    std::uint64_t u64() noexcept { return integer<std::uint64_t>(); }

    /// out  `count` bytes of the input; empty and failed when there are fewer
    std::span<const std::byte> take(std::size_t count) noexcept {
        if (count > rest_.size()) [[unlikely]] {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const std::span<const std::byte> taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

    std::string_view short_string() noexcept { return text(take(u8())); }
    std::string_view long_string() noexcept { return text(take(u32())); }

    /// out  a field table as it is on the wire, its length first
    std::span<const std::byte> table() noexcept {
        const std::span<const std::byte> whole = rest_;
        const std::size_t content_bytes = take(u32()).size();
        return failed_ ? std::span<const std::byte>{} : whole.first(4 + content_bytes);
    }

    static std::string_view text(std::span<const std::byte> octets) noexcept {
        return {reinterpret_cast<const char*>(octets.data()), octets.size()};
    }

private:
    std::span<const std::byte> rest_;
    bool failed_ = false;
};

/// Consecutive bits of a method share an octet, the first one lowest.       [AMQP 0-9-1 4.2.5.2]
constexpr std::uint8_t pack_bits(std::initializer_list<bool> bits) noexcept {
    std::uint8_t octet = 0;
    std::uint8_t bit_mask = 1;
    for (const bool bit : bits) {
        octet = static_cast<std::uint8_t>(bit ? octet | bit_mask : octet);
        bit_mask = static_cast<std::uint8_t>(bit_mask << 1);
    }
    return octet;
}

/// Why a command could not be put on the wire. Nothing was written then.
enum class CommandError : std::uint8_t {
    none,  // of `Writer` alone: so far, so good
    not_connected,
    channel_not_open,       // never opened, or closed by either side in the meantime
    no_free_channel,        // channel_max are in use
    short_string_too_long,  // a name, key or property over 255 bytes
    not_encodable,          // a value that no field table can hold
    frame_too_large,        // a method or the properties over frame_max: they cannot be split
    body_too_large,         // over `body_bytes_max`
    out_of_memory,          // for its frames
};

/// Appends the primitive types of the wire to an output buffer. The first error stays, so that an
/// encoder's caller asks once, at its end, and then truncates.                [AMQP 0-9-1 4.2.5]
class Writer {
public:
    explicit Writer(OutputBuffer& output) noexcept : output_{output} {}

    CommandError error() const noexcept { return error_; }
    void fail(CommandError error) noexcept {
        if (error_ == CommandError::none) {
            error_ = error;
        }
    }
    std::size_t position() const noexcept { return output_.size(); }

    template <std::unsigned_integral Integer>
    void integer(Integer number) {
        store(output_.extend(sizeof number), number);
    }
    void u8(std::uint8_t number) { integer(number); }
    void u16(std::uint16_t number) { integer(number); }
    void u32(std::uint32_t number) { integer(number); }
    void u64(std::uint64_t number) { integer(number); }

    void octets(std::span<const std::byte> octets) { output_.append(octets); }
    void characters(std::string_view text) { octets(std::as_bytes(std::span{text})); }

    void short_string(std::string_view text) {
        if (text.size() > short_string_bytes_max) [[unlikely]] {
            return fail(CommandError::short_string_too_long);
        }
        u8(static_cast<std::uint8_t>(text.size()));
        characters(text);
    }
    void long_string(std::string_view text) {
        u32(static_cast<std::uint32_t>(text.size()));
        characters(text);
    }

    /// Overwrite a number written earlier, once what it counts is known.
    template <std::unsigned_integral Integer>
    void patch(std::size_t position, Integer number) noexcept {
        store(output_.data() + position, number);
    }

private:
    template <std::unsigned_integral Integer>
    static void store(std::byte* bit_mask, Integer number) noexcept {
        if constexpr (std::endian::native == std::endian::little && sizeof number > 1) {
            number = std::byteswap(number);
        }
        std::memcpy(bit_mask, &number, sizeof number);
    }

    OutputBuffer& output_;
    CommandError error_ = CommandError::none;
};

}  // namespace warren::amqp
