#include "protocol/callme_body.hpp"

#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/callme_pickle.hpp"
#include "protocol/content.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/reply_limits.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

namespace warren::protocol {
namespace {

constexpr std::string_view type_pickle = "application/x-python-serialize";
constexpr std::string_view type_json = "application/json";
constexpr std::string_view type_msgpack = "application/msgpack";
constexpr std::string_view type_msgpack_of_kombu = "application/x-msgpack";

/// Python 2 writes the names of a request's attributes as byte strings, and Python 3 never.
bool is_of_python_2(std::span<const std::byte> body) noexcept {
    constexpr std::size_t looked_at_bytes = 256;  // the first name stands behind that of the class
    const std::string_view start = text_of(body.first(std::min(body.size(), looked_at_bytes)));
    return start.contains("U\tfunc_") || start.contains("S'func_");
}

CallmeForm pickle_form_of(std::span<const std::byte> body) noexcept {
    constexpr std::byte proto{0x80};
    constexpr int oldest = static_cast<int>(CallmeForm::pickle_2);
    const bool has_protocol = body.size() >= 2 && body[0] == proto;
    const int protocol = has_protocol ? std::to_integer<int>(body[1]) : oldest;
    return protocol <= oldest && is_of_python_2(body)
               ? CallmeForm::pickle_of_python_2
               : static_cast<CallmeForm>(
                     std::clamp(protocol, oldest, static_cast<int>(CallmeForm::pickle_5)));
}

std::expected<Value, format::DecodeError> decode(std::span<const std::byte> body, CallmeForm form,
                                                 Arena& arena,
                                                 const format::MsgpackLimits& limits) {
    if (form == CallmeForm::json) {
        return format::json_decode(text_of(body), arena,
                                   {.depth_max = limits.depth_max,
                                    .value_count_max = limits.value_count_max,
                                    .numbers = format::JsonNumbers::python});
    }
    return format::msgpack_decode(body, arena, limits);
}

std::expected<void, format::EncodeError> encode(const Value& value, CallmeForm form,
                                                std::string& body) {
    return form == CallmeForm::json
               ? format::json_encode(value, body, {.numbers = format::JsonNumbers::python})
               : format::msgpack_encode(value, body);
}

std::expected<Call, Failure> request_of(const Value& body, Arena& arena) {
    const Value* const name = body.find(callme_func_name);
    const Value* const args = body.find(callme_func_args);
    const Value* const kwargs = body.find(callme_func_kwargs);
    if (name == nullptr || !name->is_text() || (args != nullptr && !args->is_list()) ||
        (kwargs != nullptr && !kwargs->is_map())) {
        return std::unexpected{refused_request(
            "A request should be an object of 'func_name', 'func_args' (a list) and 'func_kwargs' "
            "(an object)",
            "model_type")};
    }
    return callme_call(name->as_text(), args != nullptr ? *args : Value::list({}),
                       kwargs != nullptr ? *kwargs : Value::map({}), arena);
}

Failure failure_of(const Value& error) {
    Failure failure{.code = Code::internal};
    if (const Value* const name = error.find("code"); name != nullptr && name->is_text()) {
        failure.code = code_named(name->as_text()).value_or(Code::failed);
    }
    if (const Value* const message = error.find("message");
        message != nullptr && message->is_text()) {
        failure.message = message->as_text();
    }
    if (const Value* const errors = error.find("errors")) {
        failure.errors = read_errors(*errors);
    }
    if (const Value* const data = error.find("data")) {
        failure.data = Dynamic{*data};
    }
    return failure;
}

Value failure_body(const Response& response, Arena& arena) {
    const std::array error{Member{Value::text("code"), Value::text(name_of(*response.failure))},
                           Member{Value::text("message"), Value::text(response.message)},
                           Member{Value::text("errors"), to_value(response.errors, arena)},
                           Member{Value::text("data"), response.data.value_or(Value{})}};
    const Member body{Value::text("error"), Value::map(arena.copy(std::span<const Member>{error}))};
    return Value::map(arena.copy(std::span<const Member>{&body, 1}));
}

Value success_body(const Response& response, Arena& arena) {
    const std::array members{Member{Value::text("result"), response.data.value_or(Value{})},
                             Member{Value::text("message"), Value::text(response.message)}};
    const bool has_message = !response.message.empty() && response.message != message_default;
    return Value::map(arena.copy(std::span<const Member>{members}.first(has_message ? 2 : 1)));
}

Failure unreadable(std::string message, std::span<const std::byte> reply) {
    return {.code = Code::internal,
            .message = std::move(message),
            .peer_text = core::text_for_display(text_of(reply))};
}

/// What a call has by position and by name at once.
CallmeArguments split(std::span<const Member> arguments, Arena& arena) {
    const auto names = std::ranges::find_if_not(
        arguments, [](const Member& member) { return member.key.is_integer(); });
    std::vector<Value> positions;
    std::ranges::transform(arguments.begin(), names, std::back_inserter(positions), &Member::value);
    return {.args = Value::list(arena.copy(std::span<const Value>{positions})),
            .kwargs = Value::map({names, arguments.end()})};
}

}  // namespace

CallmeForm callme_form_of(const MessageView& message, CallmeForm otherwise) noexcept {
    const std::string_view type = media_type(message.content_type);
    if (type.empty()) {
        return is_pickle(otherwise) ? pickle_form_of(message.body) : otherwise;
    }
    if (is_media_type(type, type_pickle)) {
        return pickle_form_of(message.body);
    }
    if (is_json_type(type)) {
        return CallmeForm::json;
    }
    return is_media_type(type, type_msgpack) || is_media_type(type, type_msgpack_of_kombu)
               ? CallmeForm::msgpack
               : CallmeForm::unknown;
}

CallmeProperties callme_properties(CallmeForm form) noexcept {
    switch (form) {
    case CallmeForm::json:
        return {type_json, "utf-8"};
    case CallmeForm::msgpack:
        return {type_msgpack, "binary"};
    case CallmeForm::unknown:
    case CallmeForm::pickle_of_python_2:
    case CallmeForm::pickle_2:
    case CallmeForm::pickle_3:
    case CallmeForm::pickle_4:
    case CallmeForm::pickle_5:
        return {type_pickle, "binary"};
    }
    std::unreachable();
}

Call callme_call(std::string_view method, const Value& args, const Value& kwargs, Arena& arena) {
    if (kwargs.as_map().empty()) {
        return {.method = method, .style = model::ArgumentStyle::positional, .arguments = args};
    }
    if (args.as_list().empty()) {
        return {.method = method, .style = model::ArgumentStyle::named, .arguments = kwargs};
    }
    std::vector<Member> members;
    members.reserve(args.as_list().size() + kwargs.as_map().size());
    for (const Value& argument : args.as_list()) {
        members.push_back({Value::integer(static_cast<std::int64_t>(members.size())), argument});
    }
    members.insert(members.end(), kwargs.as_map().begin(), kwargs.as_map().end());
    return {.method = method,
            .style = model::ArgumentStyle::mixed,
            .arguments = Value::map(arena.copy(std::span<const Member>{members}))};
}

CallmeArguments callme_arguments(const Call& call, Arena& arena) {
    const Value& given = call.arguments;
    if (given.is_map() && call.style == model::ArgumentStyle::named) {
        return {.kwargs = given};
    }
    if (given.is_list() && call.style == model::ArgumentStyle::positional) {
        return {.args = given};
    }
    if (given.is_map() && call.style == model::ArgumentStyle::mixed) {
        return split(given.as_map(), arena);
    }
    if (given.is_null()) {
        return {};
    }
    return {.args = Value::list(arena.copy(std::span<const Value>{&given, 1}))};
}

std::expected<Call, Failure> read_callme_request(std::span<const std::byte> request,
                                                 CallmeForm form, Arena& arena,
                                                 const core::Limits& limits) {
    if (is_pickle(form)) {
        return read_pickled_request(request, arena, limits);
    }
    const auto body = decode(request, form, arena, format::MsgpackLimits::of_requests(limits));
    if (!body) {
        return std::unexpected{refused_request(body.error())};
    }
    return request_of(*body, arena);
}

std::expected<void, format::EncodeError> write_callme_request(const Call& call, CallmeForm form,
                                                              Arena& arena, std::string& body) {
    const CallmeArguments arguments = callme_arguments(call, arena);
    if (is_pickle(form)) {
        return write_pickled_request(call.method, arguments, static_cast<int>(form), arena, body);
    }
    const std::array members{Member{Value::text(callme_func_name), Value::text(call.method)},
                             Member{Value::text(callme_func_args), arguments.args},
                             Member{Value::text(callme_func_kwargs), arguments.kwargs}};
    return encode(Value::map(members), form, body);
}

std::expected<Response, Failure> read_callme_reply(std::span<const std::byte> reply,
                                                   CallmeForm form, Arena& arena,
                                                   const core::Limits& limits) {
    if (is_pickle(form)) {
        auto response = read_pickled_reply(reply, arena, limits);
        if (!response && response.error().code == Code::internal) {
            return std::unexpected{unreadable(std::move(response.error().message), reply)};
        }
        return response;
    }
    const auto body = decode(reply, form, arena, format::MsgpackLimits::of(limits));
    if (!body) {
        if (auto refused = reply_over_limit(body.error().type, limits)) {
            return std::unexpected{std::move(*refused)};
        }
        return std::unexpected{
            unreadable("The reply cannot be read: " + body.error().message, reply)};
    }
    if (const Value* const error = body->find("error"); error != nullptr && error->is_map()) {
        return std::unexpected{failure_of(*error)};
    }
    const Value* const result = body->find("result");
    if (result == nullptr) {
        return std::unexpected{
            unreadable("The reply is not an object with 'result' or 'error'", reply)};
    }
    const Value* const text = body->find("message");
    return Response{
        .message = text != nullptr && text->is_text() ? text->as_text() : message_default,
        .data = *result};
}

std::expected<void, format::EncodeError> write_callme_reply(const Response& response,
                                                            std::string_view method,
                                                            CallmeForm form, Arena& arena,
                                                            std::string& body) {
    if (is_pickle(form)) {
        return form == CallmeForm::pickle_of_python_2
                   ? write_pickled_reply(response, method, static_cast<int>(CallmeForm::pickle_2),
                                         format::PickleReader::python_2, arena, body)
                   : write_pickled_reply(response, method, static_cast<int>(form),
                                         format::PickleReader::python_3, arena, body);
    }
    return encode(response.failure ? failure_body(response, arena) : success_body(response, arena),
                  form, body);
}

}  // namespace warren::protocol
