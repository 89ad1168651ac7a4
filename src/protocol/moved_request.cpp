#include "protocol/moved_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

namespace warren::protocol {
namespace {

constexpr std::string_view broker_count = "x-delivery-count";
constexpr std::string_view sent_at_of_client = "warren-sent-at-ms";

std::string_view header_name(const Member& header) noexcept {
    return header.key.is_text() ? header.key.as_text() : std::string_view{};
}

std::string_view text_noted(const Value& map, std::string_view name) noexcept {
    const Value* const found = map.find(name);
    return found != nullptr && found->is_text() ? found->as_text() : std::string_view{};
}

std::optional<std::int64_t> number_noted(const Value& map, std::string_view name) noexcept {
    const Value* const found = map.is_map() ? map.find(name) : nullptr;
    return found != nullptr && found->kind() == Value::Kind::int64
               ? std::optional{found->as_int64()}
               : std::nullopt;
}

Value text_map(std::vector<Member>& members, Arena& arena) {
    return arena.copy(Value::map(members));
}

Value move_note_of(const MessageView& request, const RequestMove& move, Arena& arena) {
    std::vector<Member> note;
    const auto add_text = [&](std::string_view name, std::string_view text) {
        if (!text.empty()) {
            note.push_back({Value::text(name), Value::text(text)});
        }
    };
    const auto add_number = [&](std::string_view name, std::int64_t number) {
        note.push_back({Value::text(name), Value::integer(number)});
    };
    add_text("exchange", request.exchange);
    add_text("routing_key", request.routing_key);
    add_text("user_id", request.user_id);
    add_number("attempts", move.attempts);
    add_number("at_ms", move.unix_ms);
    if (move.time_left) {
        add_number("time_left_ms", move.time_left->count());
    }
    add_number("first_ms", first_attempt_ms(request).value_or(move.unix_ms));
    if (move.is_suspect) {
        note.push_back({Value::text("suspect"), Value::boolean(true)});
    }
    if (move.is_next) {
        note.push_back({Value::text("next"), Value::boolean(true)});
    }
    return text_map(note, arena);
}

Value death_note(const Death& death, Arena& arena) {
    std::vector<Member> note{{Value::text("reason"), Value::text(death.reason)},
                             {Value::text("attempts"), Value::integer(death.attempts)},
                             {Value::text("last_ms"), Value::integer(death.last_unix_ms)},
                             {Value::text("server"), Value::text(death.server)},
                             {Value::text("queue"), Value::text(death.queue)}};
    if (death.first_unix_ms) {
        note.push_back({Value::text("first_ms"), Value::integer(*death.first_unix_ms)});
    }
    return text_map(note, arena);
}

/// What is left of its time; at least something, since none is no limit.
std::string_view expiration_left(std::int64_t left_ms, Arena& arena) {
    std::array<char, 20> digits;
    const auto [end, _] = std::to_chars(digits.data(), digits.data() + digits.size(),
                                        std::max<std::int64_t>(left_ms, 1));
    return arena.copy(std::string_view{digits.data(), end});
}

}  // namespace

bool is_of_its_way(std::string_view header) noexcept {
    return header == moved_header || header == dead_header || header == broker_count ||
           header == "x-death" || header.starts_with("x-first-death-") ||
           header.starts_with("x-last-death-");
}

MessageView moved_request(const MessageView& request, const RequestMove& move,
                          std::string_view user, Arena& arena) {
    const auto given =
        request.headers.is_map() ? request.headers.as_map() : std::span<const Member>{};
    std::vector<Member> headers;
    for (const Member& header : given) {
        const std::string_view name = header_name(header);
        // A dead letter keeps its history. What it waited is counted anew.
        const bool stays =
            move.death ? name != moved_header && name != dead_header && name != broker_count
                       : !is_of_its_way(name) && (name != sent_at_of_client || !move.time_left);
        if (stays) {
            headers.push_back(header);
        }
    }
    headers.push_back({Value::text(moved_header), move_note_of(request, move, arena)});
    if (move.death) {
        headers.push_back({Value::text(dead_header), death_note(*move.death, arena)});
    }
    MessageView moved = request;
    moved.exchange = {};
    moved.routing_key = move.queue;
    moved.user_id = user;
    // The broker would drop it where it waits.
    moved.expiration = {};
    moved.headers = Value::map(arena.copy(std::span<const Member>{headers}));
    return moved;
}

void restore_moved(MessageView& message, std::string_view user, std::int64_t unix_ms,
                   Arena& arena) {
    if (user.empty() || message.user_id != user || !message.exchange.empty()) [[likely]] {
        return;
    }
    const Value* const note = move_note(message);
    if (note == nullptr) {
        return;
    }
    message.exchange = text_noted(*note, "exchange");
    message.routing_key = text_noted(*note, "routing_key");
    message.user_id = text_noted(*note, "user_id");
    constexpr std::int64_t attempts_max = std::numeric_limits<std::int32_t>::max();
    message.attempts_before = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(number_noted(*note, "attempts").value_or(0), 0, attempts_max));
    const auto says = [&](std::string_view name) {
        const Value* const said = note->find(name);
        return said != nullptr && *said == Value::boolean(true);
    };
    message.is_suspect = says("suspect");
    message.is_next = says("next");
    if (const auto left_ms = number_noted(*note, "time_left_ms")) {
        const std::int64_t waited_ms =
            std::max<std::int64_t>(unix_ms - number_noted(*note, "at_ms").value_or(unix_ms), 0);
        message.expiration = expiration_left(
            std::clamp<std::int64_t>(*left_ms, 0, std::numeric_limits<std::uint32_t>::max()) -
                waited_ms,
            arena);
    }
}

const Value* move_note(const MessageView& message) noexcept {
    const Value* const note =
        message.headers.is_map() ? message.headers.find(moved_header) : nullptr;
    return note != nullptr && note->is_map() ? note : nullptr;
}

std::optional<std::int64_t> first_attempt_ms(const MessageView& request) noexcept {
    if (const Value* const note = move_note(request)) {
        if (const auto first = number_noted(*note, "first_ms")) {
            return first;
        }
    }
    return number_noted(request.headers, sent_at_of_client);
}

}  // namespace warren::protocol
