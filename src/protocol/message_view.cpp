#include "protocol/message_view.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace warren::protocol {

void add_header(std::string_view name, const Value& value, MessageView& message, Arena& arena) {
    const auto before =
        message.headers.is_map() ? message.headers.as_map() : std::span<const Member>{};
    const auto headers = arena.array<Member>(before.size() + 1);
    *std::ranges::copy(before, headers.begin()).out = {Value::text(name), value};
    message.headers = Value::map(headers);
}

std::string_view text_of(std::span<const std::byte> body) noexcept {
    return {reinterpret_cast<const char*>(body.data()), body.size()};
}

std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span{text.data(), text.size()});
}

std::optional<std::chrono::milliseconds> read_expiration(std::string_view expiration) noexcept {
    std::uint64_t milliseconds = 0;
    const char* const end = expiration.data() + expiration.size();
    const auto [stopped, error] = std::from_chars(expiration.data(), end, milliseconds);
    // RabbitMQ takes at most 32 bits; a century still cannot overflow a time point.
    if (expiration.empty() || error != std::errc{} || stopped != end ||
        milliseconds > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    return std::chrono::milliseconds{milliseconds};
}

bool is_direct_reply(std::string_view reply_to) noexcept {
    return reply_to.starts_with("amq.rabbitmq.reply-to");
}

}  // namespace warren::protocol
