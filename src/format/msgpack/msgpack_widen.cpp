#include "format/msgpack/msgpack_head.hpp"
#include "format/msgpack/msgpack_writer.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace warren::format {
namespace {

/// The wider form of a head: its first byte, and how many bytes its number or length then has.
struct Wider {
    std::uint8_t first;
    std::uint8_t number_bytes;
};

std::optional<Wider> wider_of(std::uint8_t first) noexcept {
    if (first < 0x80) {
        return Wider{0xcc, 1};
    }
    if (first < 0x90) {
        return Wider{0xde, 2};
    }
    if (first < 0xa0) {
        return Wider{0xdc, 2};
    }
    if (first < 0xc0) {
        return Wider{0xd9, 1};
    }
    if (first >= 0xe0) {
        return Wider{0xd0, 1};
    }
    switch (first) {
    case 0xc4:  // bytes and text of 8 bits, integers and lengths of 16 or 32
    case 0xcc:
    case 0xd0:
    case 0xd9:
        return Wider{static_cast<std::uint8_t>(first + 1), 2};
    case 0xc5:
    case 0xcd:
    case 0xd1:
    case 0xda:
    case 0xdc:
    case 0xde:
        return Wider{static_cast<std::uint8_t>(first + 1), 4};
    case 0xce:
    case 0xd2:
        return Wider{static_cast<std::uint8_t>(first + 1), 8};
    default:
        return std::nullopt;
    }
}

}  // namespace

bool msgpack_widen(std::string& out, std::size_t start) {
    const auto octets = std::as_bytes(std::span{out});
    std::size_t at = start;
    MsgpackHead head;
    while (at < out.size() && msgpack_read_head(octets.subspan(at), head)) {
        if (const auto wider = wider_of(static_cast<std::uint8_t>(octets[at]))) {
            std::array<char, 9> widened{static_cast<char>(wider->first)};
            for (std::size_t index = 1; index <= wider->number_bytes; ++index) {
                const std::size_t shift = 8 * (wider->number_bytes - index);
                widened[index] = static_cast<char>(head.bits >> shift);
            }
            out.replace(at, head.size_bytes,
                        std::string_view{widened.data(), 1U + wider->number_bytes});
            return true;
        }
        const bool has_body = head.kind == MsgpackHead::Kind::text ||
                              head.kind == MsgpackHead::Kind::bytes ||
                              head.kind == MsgpackHead::Kind::extension;
        at += head.size_bytes + (has_body ? head.bits : 0);
    }
    return false;
}

}  // namespace warren::format
