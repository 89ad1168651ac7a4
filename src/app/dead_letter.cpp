#include "app/dead_letter.hpp"

#include <warren/types.hpp>

#include "core/duration.hpp"
#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "protocol/moved_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

std::string moment_text(std::int64_t unix_ms) {
    return warren::to_string(Timestamp{std::chrono::milliseconds{unix_ms}});
}

std::string_view text_at(const Value& map, std::string_view name) noexcept {
    const Value* const found = map.find(name);
    return found != nullptr && found->is_text() ? found->as_text() : std::string_view{};
}

std::optional<std::int64_t> number_at(const Value& map, std::string_view name) noexcept {
    const Value* const found = map.find(name);
    return found != nullptr && found->kind() == Value::Kind::int64
               ? std::optional{found->as_int64()}
               : std::nullopt;
}

/// What the broker noted, the last time that a queue gave the message up first.
std::span<const Value> deaths_of(const protocol::MessageView& message) noexcept {
    const Value* const deaths = message.headers.find("x-death");
    return deaths != nullptr && deaths->is_list() ? deaths->as_list() : std::span<const Value>{};
}

std::string broker_reason(std::string_view reason) {
    if (reason == "delivery_limit") {
        return "poisoned: it was delivered too often (x-delivery-limit) and never done";
    }
    return reason.empty() ? "nothing says why" : std::string{reason};
}

Dynamic history_of(const protocol::MessageView& message) {
    Dynamic history;
    for (const Value& death : deaths_of(message)) {
        Dynamic step = Dynamic::map({{"queue", text_at(death, "queue")},
                                     {"reason", text_at(death, "reason")},
                                     {"count", number_at(death, "count").value_or(0)}});
        if (const auto time_s = number_at(death, "time")) {
            step.insert_or_assign("last", moment_text(*time_s * 1000));
        }
        history.push_back(step);
    }
    return history;
}

void read_end(const protocol::MessageView& message, DeadLetter& letter) {
    const Value* const noted = message.headers.find(protocol::dead_header);
    if (noted != nullptr && noted->is_map()) {
        letter.reason = text_at(*noted, "reason");
        letter.died_ms = number_at(*noted, "last_ms");
        letter.first_ms = number_at(*noted, "first_ms");
        if (const auto attempts = number_at(*noted, "attempts")) {
            letter.attempts = static_cast<std::uint32_t>(*attempts);
        }
        letter.server = text_at(*noted, "server");
        letter.queue = text_at(*noted, "queue");
        return;
    }
    letter.first_ms = protocol::first_attempt_ms(message);
    const auto deaths = deaths_of(message);
    letter.reason = broker_reason(deaths.empty() ? "" : text_at(deaths.front(), "reason"));
    if (!deaths.empty()) {
        letter.queue = text_at(deaths.front(), "queue");
        if (const auto time_s = number_at(deaths.front(), "time")) {
            letter.died_ms = *time_s * 1000;
        }
    }
}

}  // namespace

bool DeadFilter::matches(const DeadLetter& letter) const {
    return (method.empty() || letter.method == method) && letter.reason.contains(reason) &&
           (!since_ms || letter.died_ms.value_or(INT64_MAX) >= *since_ms);
}

std::expected<std::int64_t, std::string> read_since(const std::string& text) {
    const auto in_ms = [](Timestamp time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch())
            .count();
    };
    if (const auto ago = core::parse_duration(text)) {
        return in_ms(now()) - ago->count();
    }
    if (const auto time = parse_timestamp(text)) {
        return in_ms(*time);
    }
    return std::unexpected{"--since '" + core::text_for_display(text) +
                           "': write how long ago, such as 2h, or a time, such as "
                           "2026-11-30T12:00:00Z"};
}

DeadOrigin origin_of(const protocol::MessageView& message) noexcept {
    const auto deaths = deaths_of(message);
    DeadOrigin origin;
    if (const Value* const noted = message.headers.find(protocol::dead_header)) {
        origin.queue = text_at(*noted, "queue");
    } else if (!deaths.empty()) {
        origin.queue = text_at(deaths.front(), "queue");
    }
    if (const Value* const note = protocol::move_note(message)) {
        origin.exchange = text_at(*note, "exchange");
        origin.routing_key = text_at(*note, "routing_key");
    } else if (!deaths.empty()) {
        origin.exchange = text_at(deaths.back(), "exchange");
        const Value* const keys = deaths.back().find("routing-keys");
        if (keys != nullptr && keys->is_list() && !keys->as_list().empty() &&
            keys->as_list().front().is_text()) {
            origin.routing_key = keys->as_list().front().as_text();
        }
    }
    return origin;
}

DeadLetter read_dead_letter(const protocol::MessageView& message,
                            const protocol::MessageProtocol& protocol) {
    DeadLetter letter{.correlation_id = std::string{message.correlation_id},
                      .priority = message.priority,
                      .history = history_of(message)};
    if (message.headers.is_map()) {
        letter.idempotency_key = text_at(message.headers, "idempotency-key");
        read_end(message, letter);
    } else {
        letter.reason = broker_reason("");
    }
    if (message.body_bytes > message.body.size()) {
        letter.unreadable = "it is larger than this program reads";
        return letter;
    }
    const DeadOrigin origin = origin_of(message);
    protocol::MessageView request = message;
    request.exchange = origin.exchange;
    request.routing_key = origin.routing_key;
    Arena arena;
    if (const auto call = protocol.decode_call(request, arena)) {
        letter.method = call->method;
        letter.arguments = Dynamic{call->arguments};
    } else {
        letter.unreadable = call.error().message;
    }
    return letter;
}

protocol::MessageView put_back(const protocol::MessageView& message, std::string_view queue,
                               std::string_view user, Arena& arena) {
    const DeadOrigin origin = origin_of(message);
    protocol::MessageView request = message;
    request.exchange = origin.exchange;
    request.routing_key = origin.exchange.empty() ? (origin.queue.empty() ? queue : origin.queue)
                                                  : origin.routing_key;
    request.expiration = {};
    const Value* const note = protocol::move_note(message);
    const std::string_view sender = note != nullptr ? text_at(*note, "user_id") : message.user_id;
    request.user_id = sender == user ? sender : std::string_view{};
    std::vector<Member> headers;
    if (message.headers.is_map()) {
        std::ranges::copy_if(
            message.headers.as_map(), std::back_inserter(headers), [](const Member& header) {
                return !header.key.is_text() || !protocol::is_of_its_way(header.key.as_text());
            });
    }
    request.headers =
        headers.empty() ? Value{} : Value::map(arena.copy(std::span<const Member>{headers}));
    return request;
}

Dynamic record_of(const DeadLetter& letter, bool in_full) {
    Dynamic line = Dynamic::map({{"number", letter.number}, {"reason", letter.reason}});
    const auto add_text = [&](std::string_view name, const std::string& text) {
        if (!text.empty()) {
            line.insert_or_assign(name, Dynamic{core::text_for_display(text, SIZE_MAX)});
        }
    };
    add_text("method", letter.method);
    if (letter.died_ms) {
        line.insert_or_assign("died", Dynamic{moment_text(*letter.died_ms)});
    }
    if (letter.first_ms) {
        line.insert_or_assign("first", Dynamic{moment_text(*letter.first_ms)});
    }
    if (letter.attempts) {
        line.insert_or_assign("attempts", Dynamic{*letter.attempts});
    }
    add_text("server", letter.server);
    add_text("queue", letter.queue);
    add_text("correlation_id", letter.correlation_id);
    add_text("idempotency_key", letter.idempotency_key);
    if (letter.priority) {
        line.insert_or_assign("priority", Dynamic{std::int64_t{*letter.priority}});
    }
    add_text("unreadable", letter.unreadable);
    if (!letter.history->is_null()) {
        line.insert_or_assign("history", letter.history);
    }
    std::string text;
    if (in_full && letter.unreadable.empty()) {
        Dynamic whole = line;
        whole.insert_or_assign("arguments", letter.arguments);
        if (format::json_encode(whole.value(), text)) {
            return whole;
        }
        line.insert_or_assign("unreadable", Dynamic{"its arguments have no form in JSON"});
        text.clear();
    }
    if (!format::json_encode(line.value(), text)) {
        return Dynamic::map({{"number", letter.number}, {"unreadable", "it is no UTF-8"}});
    }
    return line;
}

std::string to_text(const DeadLetter& letter, bool in_full) {
    const auto shown = [](const std::string& text) { return core::text_for_display(text); };
    std::string text =
        fmt::format("{}  {}  {}  {}", letter.number,
                    letter.died_ms ? moment_text(*letter.died_ms) : std::string{"(no time)"},
                    letter.method.empty() ? std::string{"(no method)"} : shown(letter.method),
                    shown(letter.reason));
    if (!in_full) {
        return text;
    }
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) {
            text += fmt::format("\n    {}: {}", name, value);
        }
    };
    add("attempts", letter.attempts ? std::to_string(*letter.attempts) : std::string{});
    add("first attempt", letter.first_ms ? moment_text(*letter.first_ms) : std::string{});
    add("server", shown(letter.server));
    add("queue", shown(letter.queue));
    add("correlation id", shown(letter.correlation_id));
    add("idempotency key", shown(letter.idempotency_key));
    add("priority", letter.priority ? std::to_string(*letter.priority) : std::string{});
    if (letter.unreadable.empty()) {
        std::string arguments;
        add("arguments", format::json_encode(letter.arguments.value(), arguments)
                             ? arguments
                             : "they have no form in JSON");
    } else {
        add("unreadable", shown(letter.unreadable));
    }
    std::string history;
    if (!letter.history->is_null() && format::json_encode(letter.history.value(), history)) {
        add("history", history);
    }
    return text;
}

}  // namespace warren::app
