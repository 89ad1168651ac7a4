#include "protocol/field_errors.hpp"

#include "protocol/reply_limits.hpp"

#include <algorithm>
#include <array>

namespace warren::protocol {
namespace {

Value location_value(const std::vector<PathStep>& location, Arena& arena) {
    const std::span<Value> steps = arena.array<Value>(location.size());
    for (std::size_t at = 0; at < location.size(); ++at) {
        const PathStep& step = location[at];
        const auto* name = std::get_if<std::string>(&step);
        steps[at] = name != nullptr ? Value::text(*name)
                                    : Value::unsigned_integer(std::get<std::size_t>(step));
    }
    return Value::list(steps);
}

std::optional<FieldError> read_error(const Value& entry) {
    const Value* location = entry.find("location");
    const Value* message = entry.find("message");
    const Value* type = entry.find("type");
    if (location == nullptr || !location->is_list() || message == nullptr || !message->is_text() ||
        type == nullptr || !type->is_text()) {
        return std::nullopt;
    }
    FieldError error{.message = std::string{message->as_text()},
                     .type = std::string{type->as_text()}};
    for (const Value& step : location->as_list()) {
        if (step.is_text()) {
            error.location.emplace_back(std::string{step.as_text()});
        } else if (step.kind() == Value::Kind::int64 && step.as_int64() >= 0) {
            error.location.emplace_back(static_cast<std::size_t>(step.as_int64()));
        }
    }
    return error;
}

}  // namespace

Value to_value(std::span<const FieldError> errors, Arena& arena) {
    const std::span<Value> entries = arena.array<Value>(errors.size());
    for (std::size_t at = 0; at < errors.size(); ++at) {
        const std::array members{
            Member{Value::text("location"), location_value(errors[at].location, arena)},
            Member{Value::text("message"), Value::text(errors[at].message)},
            Member{Value::text("type"), Value::text(errors[at].type)}};
        entries[at] = Value::map(arena.copy(std::span<const Member>{members}));
    }
    return Value::list(entries);
}

std::vector<FieldError> read_errors(const Value& list) {
    std::vector<FieldError> errors;
    if (list.is_list()) {
        for (const Value& entry : list.as_list()) {
            if (std::optional<FieldError> error = read_error(entry)) {
                errors.push_back(std::move(*error));
            }
        }
    }
    return errors;
}

Failure refused_request(std::string message, std::string type) {
    Failure failure{.code = Code::invalid_request, .message = std::string{invalid_request_message}};
    failure.errors.push_back({.message = std::move(message), .type = std::move(type)});
    return failure;
}

Failure refused_request(const format::DecodeError& error) {
    return refused_request(
        error.message + (reply_over_limit(error.type, {}) ? "; this server takes no more" : ""),
        std::string{error.type});
}

std::optional<Failure> refuse_mixed(const Call& call) {
    // Positions come first.
    if (call.style != model::ArgumentStyle::mixed || !call.arguments.is_map() ||
        call.arguments.as_map().empty() || !call.arguments.as_map().front().key.is_integer()) {
        return std::nullopt;
    }
    return refused_request(
        "Arguments by position and by name at once are carried by callme alone: give all by name",
        "mixed_arguments");
}

Failure one_way_only() {
    return refused_request("Nothing is answered over PUB and SUB: the call has to be one-way",
                           "answer_unsupported");
}

Failure oversized_request(std::size_t size_bytes, const core::Limits& limits) {
    return refused_request("The request has " + std::to_string(size_bytes) + " bytes; at most " +
                               std::to_string(limits.body_bytes_max) + " are sent (body_bytes_max)",
                           "body_too_long");
}

std::string oversized_reply_message(std::size_t size_bytes, const core::Limits& limits) {
    return "The reply has " + std::to_string(size_bytes) + " bytes; at most " +
           std::to_string(limits.body_bytes_max) + " are sent (body_bytes_max)";
}

std::optional<Failure> refuse_oversized(const MessageView& message, const core::Limits& limits) {
    if (message.body_bytes <= limits.body_bytes_max &&
        message.body.size() <= limits.body_bytes_max) {
        return std::nullopt;
    }
    return refused_request("The body has " +
                               std::to_string(std::max(message.body_bytes, message.body.size())) +
                               " bytes; at most " + std::to_string(limits.body_bytes_max) +
                               " are taken (body_bytes_max)",
                           "body_too_long");
}

}  // namespace warren::protocol
