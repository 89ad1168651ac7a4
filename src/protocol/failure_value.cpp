#include "protocol/failure_value.hpp"

#include "core/utf8.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/msgpack_rpc_names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace warren::protocol {

Value failure_value(const Response& response, Arena& arena) {
    const std::string_view message = core::utf8_valid(response.message)
                                         ? response.message
                                         : arena.copy(core::text_for_display(response.message));
    std::array<Member, 5> members{
        Member{Value::text(rpc_names::code), Value::text(name_of(*response.failure))},
        Member{Value::text(rpc_names::message), Value::text(message)}};
    std::size_t count = 2;
    if (!response.errors.empty()) {
        members[count++] = {Value::text(rpc_names::errors), to_value(response.errors, arena)};
    }
    if (response.retry_after) {
        members[count++] = {Value::text(rpc_names::retry_after_ms),
                            Value::integer(response.retry_after->count())};
    }
    if (response.is_replayed) {
        members[count++] = {Value::text(rpc_names::replayed), Value::boolean(true)};
    }
    return Value::map(arena.copy(std::span<const Member>{members}.first(count)));
}

Response to_answer(const Failure& failure) {
    const Value& data = failure.data.value();
    return {.failure = failure.code,
            .message = failure.message,
            .data = data.is_null() ? std::nullopt : std::optional{data},
            .errors = failure.errors,
            .retry_after = failure.retry_after,
            .is_replayed = failure.is_replayed};
}

Failure to_failure(const Response& response) {
    return {.code = *response.failure,
            .message = std::string{response.message},
            .errors = {response.errors.begin(), response.errors.end()},
            .data = response.data ? Dynamic{*response.data} : Dynamic{},
            .retry_after = response.retry_after,
            .is_replayed = response.is_replayed};
}

std::optional<Failure> read_failure(const Value& value) {
    const auto code = code_named(text_in(value, rpc_names::code));
    if (!code) {
        return std::nullopt;
    }
    Failure failure{.code = *code, .message = text_in(value, rpc_names::message)};
    if (const Value* errors = value.find(rpc_names::errors)) {
        failure.errors = read_errors(*errors);
    }
    if (const Value* data = value.find(rpc_names::data)) {
        failure.data = Dynamic{*data};
    }
    if (const Value* retry_after = value.find(rpc_names::retry_after_ms)) {
        failure.retry_after = read_milliseconds(*retry_after);
    }
    if (const Value* replayed = value.find(rpc_names::replayed)) {
        failure.is_replayed = *replayed == Value::boolean(true);
    }
    return failure;
}

std::optional<std::chrono::milliseconds> read_milliseconds(const Value& value) noexcept {
    constexpr std::chrono::milliseconds at_most = std::chrono::hours{24 * 365};
    if (value.kind() == Value::Kind::uint64) {
        return at_most;
    }
    if (value.kind() != Value::Kind::int64 || value.as_int64() < 0) {
        return std::nullopt;
    }
    return std::chrono::milliseconds{std::min<std::int64_t>(value.as_int64(), at_most.count())};
}

std::string text_in(const Value& map, std::string_view key) {
    const Value* text = map.find(key);
    return text != nullptr && text->is_text() ? std::string{text->as_text()} : std::string{};
}

std::string failure_text(const Response& response) {
    const std::string_view message =
        response.message.empty() ? name_of(*response.failure) : response.message;
    std::string text =
        core::utf8_valid(message) ? std::string{message} : core::text_for_display(message);
    for (const FieldError& error : response.errors) {
        text += &error == response.errors.data() ? ": " : "; ";
        text += core::text_for_display(to_string(error.location));
        text += (error.location.empty() ? "" : ": ") + core::text_for_display(error.message);
    }
    return text;
}

}  // namespace warren::protocol
