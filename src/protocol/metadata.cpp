#include "protocol/metadata.hpp"

#include "core/utf8.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/trace_context.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

namespace warren::protocol {
namespace {

// Of Warren's clients to servers that are known to be Warren's.
constexpr std::string_view sent_at_header = "warren-sent-at-ms";
constexpr std::string_view attempt_header = "warren-attempt";
constexpr std::string_view window_header = "warren-parts-window";
constexpr std::string_view takes_progress_header = "warren-takes-progress";
constexpr std::string_view heartbeats_header = "warren-heartbeat-ms";

bool is_name(std::string_view text) noexcept {
    return text.size() <= metadata_name_bytes_max && core::utf8_valid(text);
}

/// The caller counts how often it sent the call, and the broker how often it delivered this
/// request.
void add_attempts(const Value& said, Metadata& metadata) noexcept {
    constexpr std::int64_t attempts_max = std::numeric_limits<std::uint32_t>::max();
    if (said.kind() == Value::Kind::int64 && said.as_int64() > 1) {
        const std::int64_t before = std::min(said.as_int64() - 1, attempts_max);
        metadata.attempt =
            static_cast<std::uint32_t>(std::min(metadata.attempt + before, attempts_max));
    }
}

void read_header(const Member& header, Metadata& metadata) noexcept {
    const std::string_view name = header.key.is_text() ? header.key.as_text() : std::string_view{};
    if (name == sent_at_header) {
        if (header.value.kind() == Value::Kind::int64 && header.value.as_int64() >= 0) {
            metadata.sent_at_ms = header.value.as_int64();
        }
        return;
    }
    if (name == attempt_header) {
        add_attempts(header.value, metadata);
        return;
    }
    if (name == window_header) {
        const Value& bytes = header.value;
        if (bytes.kind() == Value::Kind::int64 && bytes.as_int64() >= 0 &&
            bytes.as_int64() <= std::numeric_limits<std::uint32_t>::max()) {
            metadata.parts_window = static_cast<std::uint32_t>(bytes.as_int64());
        }
        return;
    }
    if (name == takes_progress_header) {
        metadata.takes_progress = header.value == Value::boolean(true);
        return;
    }
    if (name == heartbeats_header) {
        metadata.heartbeat = read_milliseconds(header.value);
        return;
    }
    const auto known = std::ranges::find(metadata_texts, name, &MetadataText::header);
    if (known != metadata_texts.end() && header.value.is_text()) {
        metadata.*known->text = header.value.as_text();
    }
}

}  // namespace

std::uint32_t delivery_attempt(const MessageView& message) noexcept {
    // Quorum queues count deliveries; other queues only say that there was an earlier one.
    constexpr std::int64_t attempts_max = std::numeric_limits<std::int32_t>::max();
    const std::uint32_t before = message.attempts_before;
    if (message.is_suspect) [[unlikely]] {
        // Deliveries beyond those that were noted began nothing: it waited among others.
        return message.is_next && !message.redelivered ? std::max(before, 1U) : before + 1;
    }
    const Value* count = message.headers.find("x-delivery-count");
    if (count != nullptr && count->kind() == Value::Kind::int64 && count->as_int64() > 0) {
        return before + static_cast<std::uint32_t>(std::min(count->as_int64(), attempts_max)) + 1;
    }
    return before + (message.redelivered ? 2 : 1);
}

constinit const std::array<MetadataText, 5> metadata_texts{
    MetadataText{"idempotency_key", "idempotency-key", "key", &Metadata::idempotency_key, is_name},
    MetadataText{"traceparent", "traceparent", "traceparent", &Metadata::traceparent,
                 is_traceparent},
    MetadataText{"tracestate", "tracestate", "tracestate", &Metadata::tracestate, is_tracestate},
    MetadataText{"baggage", "baggage", "baggage", &Metadata::baggage, is_baggage},
    MetadataText{"contract", "warren-contract", "contract", &Metadata::contract, is_name}};

std::string_view first_asked(const Metadata& metadata) noexcept {
    if (metadata.has_texts()) [[unlikely]] {
        return std::ranges::find_if(
                   metadata_texts,
                   [&](const MetadataText& each) { return !(metadata.*each.text).empty(); })
            ->name;
    }
    return metadata.priority ? "priority" : std::string_view{};
}

std::optional<std::string> fault_of(const Metadata& asked) {
    for (const MetadataText& each : metadata_texts) {
        const std::string_view text = asked.*each.text;
        if (!text.empty() && !each.is_valid(text)) {
            return "the " + std::string{each.name} +
                   (each.is_valid == is_name
                        ? " should be UTF-8 of at most " + std::to_string(metadata_name_bytes_max) +
                              " bytes"
                        : " is not as W3C has it, or too long");
        }
    }
    if (!asked.tracestate.empty() && asked.traceparent.empty()) {
        return "a tracestate goes with a traceparent";
    }
    return std::nullopt;
}

std::expected<void, Failure> bound(Metadata& received) {
    if (!received.has_texts()) [[likely]] {
        return {};
    }
    if (!received.idempotency_key.empty() && !is_name(received.idempotency_key)) {
        return std::unexpected{refused_request("The idempotency key has more than " +
                                                   std::to_string(metadata_name_bytes_max) +
                                                   " bytes (metadata_name_bytes_max)",
                                               "idempotency_key_too_long")};
    }
    for (const MetadataText& each : metadata_texts) {
        std::string_view& text = received.*each.text;
        if (!text.empty() && !each.is_valid(text)) {
            text = {};
        }
    }
    if (received.traceparent.empty()) {
        received.tracestate = {};
    }
    return {};
}

Metadata copy(const Metadata& metadata, Arena& arena) {
    Metadata copied = metadata;
    copied.caller = arena.copy(metadata.caller);
    keep_texts(copied, arena);
    return copied;
}

void keep_texts(Metadata& metadata, Arena& arena) {
    if (metadata.has_texts()) [[unlikely]] {
        for (const MetadataText& each : metadata_texts) {
            metadata.*each.text = arena.copy(metadata.*each.text);
        }
    }
}

std::expected<Metadata, Failure> read_metadata(const MessageView& delivered) {
    const auto time_left = read_expiration(delivered.expiration);
    Metadata metadata{.time_left = time_left && time_left->count() == 0 ? std::nullopt : time_left,
                      .attempt = delivery_attempt(delivered),
                      .deliveries = delivery_attempt(delivered),
                      .caller = delivered.user_id,
                      .priority = delivered.priority};
    if (delivered.headers.is_map()) {
        for (const Member& header : delivered.headers.as_map()) {
            read_header(header, metadata);
        }
        if (auto bounded = bound(metadata); !bounded) {
            return std::unexpected{std::move(bounded.error())};
        }
    }
    return metadata;
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
    if (first_asked(metadata).empty() && !metadata.sent_at_ms && metadata.attempt == 1 &&
        !metadata.takes_more_than_end()) [[likely]] {
        return;
    }
    const auto before =
        request.headers.is_map() ? request.headers.as_map() : std::span<const Member>{};
    const auto headers = arena.array<Member>(before.size() + metadata_texts.size() + 5);
    auto end = std::ranges::copy(before, headers.begin()).out;
    for (const MetadataText& each : metadata_texts) {
        if (!(metadata.*each.text).empty()) {
            *end++ = {Value::text(each.header), Value::text(metadata.*each.text)};
        }
    }
    if (metadata.sent_at_ms) {
        *end++ = {Value::text(sent_at_header), Value::integer(*metadata.sent_at_ms)};
    }
    if (metadata.attempt > 1) {
        *end++ = {Value::text(attempt_header), Value::integer(metadata.attempt)};
    }
    if (metadata.parts_window) {
        *end++ = {Value::text(window_header), Value::integer(*metadata.parts_window)};
    }
    if (metadata.takes_progress) {
        *end++ = {Value::text(takes_progress_header), Value::boolean(true)};
    }
    if (metadata.heartbeat) {
        *end++ = {Value::text(heartbeats_header), Value::integer(metadata.heartbeat->count())};
    }
    if (end != headers.begin()) {
        request.headers = Value::map(std::span<const Member>{headers.begin(), end});
    }
}

}  // namespace warren::protocol
