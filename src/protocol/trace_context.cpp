#include "protocol/trace_context.hpp"

#include "core/digit.hpp"

#include <algorithm>

namespace warren::protocol {
namespace {

bool is_hexadecimal(std::string_view text) noexcept {
    return std::ranges::all_of(
        text, [](char digit) { return core::is_digit(digit) || (digit >= 'a' && digit <= 'f'); });
}

/// A trace's or a caller's; one of zeros is none.
bool is_id(std::string_view text) noexcept {
    return is_hexadecimal(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool is_printable(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char character) {
        return (character >= ' ' && character <= '~') || character == '\t';
    });
}

/// Members between commas, each "key=value"; some may be empty.
bool is_list(std::string_view text, std::size_t bytes_max, std::size_t members_max) noexcept {
    if (text.empty() || text.size() > bytes_max || !is_printable(text)) {
        return false;
    }
    std::size_t members = 0;
    while (!text.empty()) {
        std::string_view member = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), member.size() + 1));
        member.remove_prefix(std::min(member.size(), member.find_first_not_of(" \t")));
        const std::size_t key_bytes = member.find('=');
        if (!member.empty() &&
            (key_bytes == 0 || key_bytes == std::string_view::npos || ++members > members_max)) {
            return false;
        }
    }
    return members != 0;
}

}  // namespace

bool is_traceparent(std::string_view text) noexcept {
    // version "-" trace-id "-" parent-id "-" flags, of later versions perhaps "-" and more
    constexpr std::size_t trace_at = 3;
    constexpr std::size_t parent_at = 36;
    constexpr std::size_t flags_at = 53;
    constexpr std::size_t bytes = 55;
    if (text.size() < bytes || text.size() > traceparent_bytes_max || text[trace_at - 1] != '-' ||
        text[parent_at - 1] != '-' || text[flags_at - 1] != '-') {
        return false;
    }
    const std::string_view edition = text.substr(0, trace_at - 1);
    const std::string_view rest = text.substr(bytes);
    return is_hexadecimal(edition) && edition != "ff" &&
           is_id(text.substr(trace_at, parent_at - 1 - trace_at)) &&
           is_id(text.substr(parent_at, flags_at - 1 - parent_at)) &&
           is_hexadecimal(text.substr(flags_at, bytes - flags_at)) &&
           (rest.empty() || (edition != "00" && rest[0] == '-' && is_printable(rest)));
}

bool is_tracestate(std::string_view text) noexcept {
    return is_list(text, tracestate_bytes_max, tracestate_members_max);
}

bool is_baggage(std::string_view text) noexcept {
    return is_list(text, baggage_bytes_max, baggage_members_max);
}

}  // namespace warren::protocol
