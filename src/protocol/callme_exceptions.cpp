#include "protocol/callme_exceptions.hpp"

#include "core/utf8.hpp"
#include "format/json.hpp"
#include "format/pickle.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace warren::protocol {
namespace {

// What Python itself finds wrong with a call, before the function runs.
constexpr std::array<std::string_view, 5> signature_errors{
    "missing", "too_many_arguments", "extra_forbidden", "multiple_values", "arguments_type"};

bool is_of_signature(const FieldError& error) noexcept {
    return error.location.size() <= 1 &&
           std::ranges::find(signature_errors, error.type) != signature_errors.end();
}

std::string message_of(const Answer& failure) {
    std::string text{failure.message};
    std::string_view separator = ": ";
    for (const FieldError& error : failure.errors) {
        const std::string place = to_string(error.location);
        text.append(separator)
            .append(place)
            .append(place.empty() ? "" : ": ")
            .append(error.message);
        separator = "; ";
    }
    return text;
}

/// As Python prints an exception: its type, and what it says, on one line.
std::string shown(std::string_view type, const Value& args) {
    std::string text;
    const auto items = args.as_list();
    if (items.size() == 1 && items.front().is_text()) {
        text = items.front().as_text();
    } else if (!items.empty() &&
               !format::json_encode(items.size() == 1 ? items.front() : args, text)) {
        text.clear();
    }
    return core::text_for_display(std::string{type} + (text.empty() ? "" : ": ") + text);
}

}  // namespace

std::string_view callme_exception_type(const Answer& failure) noexcept {
    switch (*failure.failure) {
    case Code::no_such_method:
        return "KeyError";
    case Code::invalid_request:
        return std::ranges::any_of(failure.errors, is_of_signature) ? "TypeError" : "ValueError";
    case Code::contract_mismatch:
        return "ValueError";
    case Code::expired_in_queue:
    case Code::deadline_exceeded:
        return "TimeoutError";
    case Code::overloaded:
        return "ConnectionRefusedError";
    case Code::connection_lost:
    case Code::no_responder:
    case Code::broker_blocked:
        return "ConnectionError";
    case Code::unauthenticated:
        return "PermissionError";
    case Code::conflict:
    case Code::cancelled:
    case Code::failed:
    case Code::reply_over_limit:
    case Code::internal:
        return "RuntimeError";
    }
    std::unreachable();
}

format::PickleValue callme_exception(const Answer& failure, std::string_view method, Arena& arena) {
    const bool is_unknown = failure.failure == Code::no_such_method && !method.empty();
    const auto argument = format::PickleValue::text(
        is_unknown ? method : arena.copy(std::string_view{message_of(failure)}));
    return format::PickleValue::exception(callme_exception_type(failure),
                                          format::PickleValue::tuple({&argument, 1}, arena), arena);
}

Failure callme_failure(const format::PickleValue& exception, Arena& arena) {
    const std::string_view type = exception.exception_type();
    if (const auto data = format::pickle_to_value(exception, arena)) {
        const Value* const args = data->find("args");
        return {
            .code = Code::failed,
            .message = shown(type, args != nullptr && args->is_list() ? *args : Value::list({})),
            .data = Dynamic{*data}};
    }
    // An argument that is no value here, such as a number of more than 64 bits.
    return {.code = Code::failed,
            .message = std::string{type},
            .data = Dynamic::map({{"type", type}, {"args", Dynamic::list({})}})};
}

}  // namespace warren::protocol
