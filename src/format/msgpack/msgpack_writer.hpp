#pragma once

#include <warren/value.hpp>

#include "core/limits.hpp"
#include "format/error.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::format {

/// Appends MessagePack to a string, each object in its smallest form; floats have 64 bits.
/// While it lives the string is longer than what is written, so it is nobody else's; it is cut to
/// what is written when the writer ends.
/// cost  O(bytes), no allocation but the growth of the string         throws nothing but
///       std::bad_alloc and std::length_error                         thread one at a time
class MsgpackWriter {
public:
    explicit MsgpackWriter(std::string& out) noexcept
        : out_{out}, start_{out.size()}, size_{out.size()} {}
    MsgpackWriter(const MsgpackWriter&) = delete;
    MsgpackWriter& operator=(const MsgpackWriter&) = delete;
    ~MsgpackWriter() { out_.resize(size_); }

    void null() { octet(0xc0); }
    void boolean(bool truth) { octet(truth ? 0xc3 : 0xc2); }
    void integer(std::int64_t number) {
        if (number >= 0) {
            unsigned_integer(static_cast<std::uint64_t>(number));
        } else if (number >= -32) {
            octet(static_cast<std::uint8_t>(number));
        } else if (number >= INT8_MIN) {
            wide(0xd0, static_cast<std::int8_t>(number));
        } else if (number >= INT16_MIN) {
            wide(0xd1, static_cast<std::int16_t>(number));
        } else if (number >= INT32_MIN) {
            wide(0xd2, static_cast<std::int32_t>(number));
        } else {
            wide(0xd3, number);
        }
    }
    void unsigned_integer(std::uint64_t number) {
        if (number < 0x80) {
            octet(static_cast<std::uint8_t>(number));
        } else if (number <= UINT8_MAX) {
            wide(0xcc, static_cast<std::uint8_t>(number));
        } else if (number <= UINT16_MAX) {
            wide(0xcd, static_cast<std::uint16_t>(number));
        } else if (number <= UINT32_MAX) {
            wide(0xce, static_cast<std::uint32_t>(number));
        } else {
            wide(0xcf, number);
        }
    }
    void floating(double number) { wide(0xcb, std::bit_cast<std::uint64_t>(number)); }

    /// in  UTF-8, at most Value::size_max bytes
    void text(std::string_view characters) {
        if (characters.size() < 0x20) {
            octet(static_cast<std::uint8_t>(0xa0 | characters.size()));
        } else if (characters.size() <= UINT8_MAX) {
            wide(0xd9, static_cast<std::uint8_t>(characters.size()));
        } else {
            length(0xda, characters.size());
        }
        append(characters);
    }
    /// in  at most Value::size_max bytes
    void bytes(std::span<const std::byte> octets) {
        bytes_head(octets.size());
        append({reinterpret_cast<const char*>(octets.data()), octets.size()});
    }
    /// What the caller appends next, with `append`, is `size_bytes` bytes.
    void bytes_head(std::size_t size_bytes) {
        if (size_bytes <= UINT8_MAX) {
            wide(0xc4, static_cast<std::uint8_t>(size_bytes));
        } else {
            length(0xc5, size_bytes);
        }
    }
    /// The next `items` objects are its items.
    void list_head(std::size_t items) {
        if (items < 0x10) {
            octet(static_cast<std::uint8_t>(0x90 | items));
        } else {
            length(0xdc, items);
        }
    }
    /// The next `members` pairs of objects are its keys and values.
    void map_head(std::size_t members) {
        if (members < 0x10) {
            octet(static_cast<std::uint8_t>(0x80 | members));
        } else {
            length(0xde, members);
        }
    }
    /// Bytes that are MessagePack already, or belong to a head.
    void append(std::string_view packed) {
        reserve(packed.size());
        if (!packed.empty()) {
            std::memcpy(out_.data() + size_, packed.data(), packed.size());
        }
        size_ += packed.size();
    }

    /// out  false, and then some of the value is written: see `rewind`, and `error` for why
    bool value(const Value& value, std::size_t depth_max = core::Limits{}.nesting_depth_max) {
        return put(value, depth_max);
    }
    /// text_not_utf8 | depth_over_limit: of the value that could not be written last.
    EncodeError error();
    /// Of a value that was the `index`th item of a list that is not in it.
    void within_item(std::size_t index) { path_.emplace_back(index); }

    /// Bytes written so far, which `rewind` takes to go back there.
    std::size_t size_bytes() const noexcept { return size_ - start_; }
    void rewind(std::size_t size_bytes) noexcept { size_ = start_ + size_bytes; }

private:
    enum class Fault : std::uint8_t { none, text_not_utf8, depth_over_limit };

    void reserve(std::size_t more) {
        if (out_.size() - size_ < more) [[unlikely]] {
            grow(more);
        }
    }
    void grow(std::size_t more);

    void octet(unsigned first) {
        reserve(1);
        out_[size_++] = static_cast<char>(first);
    }
    template <typename Number>
    void wide(unsigned first, Number number) {
        reserve(1 + sizeof number);
        if constexpr (std::endian::native == std::endian::little) {
            number = std::byteswap(number);
        }
        char* const target = out_.data() + size_;
        *target = static_cast<char>(first);
        std::memcpy(target + 1, &number, sizeof number);
        size_ += 1 + sizeof number;
    }
    /// The 16-bit form has the code `first`, the 32-bit form the one after.
    void length(unsigned first, std::size_t count) {
        if (count <= UINT16_MAX) {
            wide(first, static_cast<std::uint16_t>(count));
        } else {
            wide(first + 1, static_cast<std::uint32_t>(count));
        }
    }

    bool put(const Value& value, std::size_t depth_left);
    bool put_items(std::span<const Value> items, std::size_t depth_left);
    bool put_members(std::span<const Member> members, std::size_t depth_left);
    [[gnu::cold, gnu::noinline]] bool refuse(Fault fault) noexcept;
    [[gnu::cold, gnu::noinline]] bool refuse_within(std::size_t item);
    [[gnu::cold, gnu::noinline]] bool refuse_within(const Value& key);

    std::string& out_;
    std::size_t start_;
    std::size_t size_;              // written; the rest of the string is room
    Fault fault_ = Fault::none;     // of a value
    std::vector<PathStep> path_{};  // to it, the last step first
};

/// Append a value.
/// err  text_not_utf8 (text that some handler built from other bytes) | depth_over_limit; `out` is
///      as it was before
/// cost O(bytes), stack O(depth_max)                                               thread any
std::expected<void, EncodeError> msgpack_encode(
    const Value& value, std::string& out, std::size_t depth_max = core::Limits{}.nesting_depth_max);

/// Make one object longer without changing what it says: write the first of its heads that has a
/// wider form one size wider.
/// in   out: the object, written by `MsgpackWriter`, stands from `start` to the end
/// out  false when no head has one, as in a lone text of more than 65,535 bytes or a list of floats
///      of as many; otherwise there are 1, 2 or 4 bytes more
/// cost O(bytes)                                                                   thread any
bool msgpack_widen(std::string& out, std::size_t start);

}  // namespace warren::format
