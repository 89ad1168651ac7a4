#include "protocol/callme_exceptions.hpp"

#include <warren/python_error.hpp>

#include "core/utf8.hpp"
#include "format/json/json.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
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

// Not of those that `except Exception` catches, or of other exceptions.
constexpr std::array<std::string_view, 6> not_raised{"BaseException",     "BaseExceptionGroup",
                                                     "ExceptionGroup",    "GeneratorExit",
                                                     "KeyboardInterrupt", "SystemExit"};

/// Whether a caller may be given an exception of this type.
bool is_raised(std::string_view type) noexcept {
    return format::pickle_exception_known(type) &&
           std::ranges::find(not_raised, type) == not_raised.end();
}

struct Named {
    std::string_view type;
    std::span<const Value> args;
};

std::optional<Named> named_by(const Value& data) noexcept {
    const Value* const type = data.find("type");
    const Value* const args = data.find("args");
    if (type == nullptr || args == nullptr || data.as_map().size() != 2 || !type->is_text() ||
        !args->is_list() || !is_raised(type->as_text())) {
        return std::nullopt;
    }
    return Named{type->as_text(), args->as_list()};
}

using Kinds = std::span<const Value::Kind>;

bool are(std::span<const Value> args, Kinds kinds) noexcept {
    return std::ranges::equal(args, kinds, {}, &Value::kind);
}

/// What Python's own constructors take: a reader would fail on the rest, and the caller wait.
Named as_python_takes(Named named, format::PickleReader reader) noexcept {
    using enum Value::Kind;
    static constexpr std::array decoding{text, bytes, int64, int64, text};
    static constexpr std::array encoding{text, text, int64, int64, text};
    constexpr std::size_t place_size = 4;  // of a mistake: file, line, column and the line's text
    const auto& [type, args] = named;
    if (type == "UnicodeDecodeError") {
        return are(args, decoding) ? named : Named{"UnicodeError", args};
    }
    if (type == "UnicodeEncodeError" || type == "UnicodeTranslateError") {
        // Python 2 wants unicode there, also of what is ASCII.
        const auto kinds = Kinds{encoding}.subspan(type == "UnicodeEncodeError" ? 0 : 1);
        return reader == format::PickleReader::python_3 && are(args, kinds)
                   ? named
                   : Named{"UnicodeError", args};
    }
    if (type == "BlockingIOError") {
        return {type, args.first(std::min<std::size_t>(args.size(), 2))};
    }
    const bool is_mistake =
        type == "SyntaxError" || type == "IndentationError" || type == "TabError";
    const bool has_place =
        args.size() == 2 && args[1].is_list() && args[1].as_list().size() == place_size;
    return is_mistake && args.size() == 2 && !has_place ? Named{type, args.first(1)} : named;
}

std::string message_of(const Response& failure) {
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

std::string_view callme_exception_type(const Response& failure) noexcept {
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
    case Code::permission_denied:
        return "PermissionError";
    case Code::conflict:
    case Code::cancelled:
    case Code::outcome_unknown:
    case Code::failed:
    case Code::reply_over_limit:
    case Code::internal:
        return "RuntimeError";
    }
    std::unreachable();
}

format::PickleValue callme_exception(const Response& failure, std::string_view method,
                                     format::PickleReader reader, Arena& arena) {
    const bool may_name =
        failure.failure == Code::failed || failure.failure == Code::invalid_request;
    if (const auto named = may_name && failure.data ? named_by(*failure.data) : std::nullopt) {
        const auto [type, args] = as_python_takes(*named, reader);
        const auto values = format::pickle_from_value(Value::list(args), arena).items();
        return format::PickleValue::exception(type, format::PickleValue::tuple(values, arena),
                                              arena);
    }
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

namespace warren {

Error python_error(std::string_view type, const Dynamic& args) {
    if (!protocol::is_raised(type)) {
        return Error{Code::internal, "python_error: Python has no exception of its own named '" +
                                         core::text_for_display(type) +
                                         "' that a caller could get"};
    }
    const Dynamic all = args->is_list()   ? args
                        : args->is_null() ? Dynamic::list({})
                                          : Dynamic::list({args});
    return Error{protocol::shown(type, all.value()), Dynamic::map({{"type", type}, {"args", all}})};
}

}  // namespace warren
