#include "transport/amqp/direct_address.hpp"

#include "amqp/wire.hpp"
#include "core/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace warren::transport {
namespace {

// Tags of the external term format.
constexpr std::uint8_t term_version = 131;
constexpr std::uint8_t new_pid = 88;
constexpr std::uint8_t pid = 103;
constexpr std::uint8_t atom = 100;
constexpr std::uint8_t small_atom = 115;
constexpr std::uint8_t atom_utf8 = 118;
constexpr std::uint8_t small_atom_utf8 = 119;

// Of the numbers of a process, before Erlang 26.
constexpr int number_bits = 15;
constexpr int serial_bits = 13;

}  // namespace

std::string node_of(std::string_view direct_address) {
    constexpr std::string_view prefix = "amq.rabbitmq.reply-to.";
    constexpr std::size_t text_max = 255;  // of an address            [AMQP 0-9-1 4.2.5.3]
    if (!direct_address.starts_with(prefix)) {
        return {};
    }
    const std::string_view tail = direct_address.substr(prefix.size());
    const std::size_t dot = tail.find('.');
    if (dot > text_max || tail.find('.', dot + 1) != std::string_view::npos) {
        return {};
    }
    std::array<std::byte, core::base64_decoded_size_max(text_max)> decoded{};
    const std::size_t size = core::base64_decode_to(tail.substr(0, dot), decoded).value_or(0);
    const std::span term = std::span{decoded}.first(size);

    amqp::Reader reader{term};
    const bool is_versioned = reader.u8() == term_version;
    const std::uint8_t tag = reader.u8();
    const std::uint8_t name = reader.u8();
    const bool is_small = name == small_atom || name == small_atom_utf8;
    reader.take(is_small ? reader.u8() : reader.u16());
    const std::size_t name_end = size - reader.rest().size();
    const std::uint32_t number = reader.u32();
    const std::uint32_t serial = reader.u32();
    reader.take(tag == new_pid ? 4 : 1);  // the node's creation: none is refused for it
    if (!is_versioned || (tag != new_pid && tag != pid) ||
        (!is_small && name != atom && name != atom_utf8) || reader.failed() ||
        !reader.rest().empty()) {
        return {};
    }
    const bool is_narrow = number >> number_bits == 0 && serial >> serial_bits == 0;
    const std::string_view node = amqp::Reader::text(term.subspan(1, name_end - 1));
    return std::string{node}.append(1, is_narrow ? 'n' : 'w');
}

}  // namespace warren::transport
