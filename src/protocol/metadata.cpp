#include "protocol/metadata.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace warren::protocol {
namespace {

/// Which attempt at handling a delivery is, from 1, as far as the broker tells.
std::uint32_t delivery_attempt(const MessageView& message) noexcept {
    // Quorum queues count deliveries; other queues only say that there was an earlier one.
    constexpr std::int64_t attempts_max = std::numeric_limits<std::uint32_t>::max() - 1;
    const Value* count = message.headers.find("x-delivery-count");
    if (count != nullptr && count->kind() == Value::Kind::int64 && count->as_int64() > 0) {
        return static_cast<std::uint32_t>(std::min(count->as_int64(), attempts_max)) + 1;
    }
    return message.redelivered ? 2 : 1;
}

}  // namespace

Metadata copy(const Metadata& metadata, Arena& arena) {
    Metadata copied = metadata;
    copied.caller = arena.copy(metadata.caller);
    copied.idempotency_key = arena.copy(metadata.idempotency_key);
    copied.traceparent = arena.copy(metadata.traceparent);
    return copied;
}

Metadata metadata_of(const MessageView& delivered) noexcept {
    const auto time_left = read_expiration(delivered.expiration);
    return {.time_left = time_left && time_left->count() == 0 ? std::nullopt : time_left,
            .attempt = delivery_attempt(delivered),
            .caller = delivered.user_id,
            .priority = delivered.priority};
}

void write_metadata(const Metadata& metadata, MessageView& request, Arena& arena) {
    if (metadata.time_left) {
        std::array<char, 20> digits;
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), metadata.time_left->count())
                .ptr;
        request.expiration = arena.copy(std::string_view{digits.data(), end});
    }
    if (metadata.priority) {
        request.priority = metadata.priority;
    }
}

}  // namespace warren::protocol
