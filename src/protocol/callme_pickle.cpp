#include "protocol/callme_pickle.hpp"

#include "format/pickle/pickle.hpp"
#include "protocol/callme_exceptions.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/reply_limits.hpp"

#include <array>
#include <utility>

namespace warren::protocol {
namespace {

using format::PickleClass;
using format::PickleValue;
using Kind = format::PickleValue::Kind;

constexpr const PickleClass& rpc_request_class = callme_classes[0];
constexpr const PickleClass& rpc_response_class = callme_classes[1];

bool is_instance(const PickleValue& value, const PickleClass& of) noexcept {
    return value.is(Kind::instance) && &value.instance_class() == &of;
}

std::expected<format::Pickled, format::DecodeError> read(std::span<const std::byte> body,
                                                         Arena& arena, const core::Limits& limits) {
    return format::pickle_decode(body, arena, format::PickleLimits::of(limits), callme_classes);
}

Failure no_request(std::string message) {
    return refused_request(std::move(message), "model_type");
}

/// What cannot be a value here, such as a number of more than 64 bits, with its place.
Failure no_value(format::EncodeError error, std::string_view attribute) {
    error.location.insert(error.location.begin(), PathStep{std::string{attribute}});
    return {.code = Code::invalid_request,
            .message = std::string{invalid_request_message},
            .errors = {{.location = std::move(error.location),
                        .message = std::move(error.message),
                        .type = std::string{error.type}}}};
}

PickleValue instance(const PickleClass& of, std::span<const PickleValue> attributes, Arena& arena) {
    return PickleValue::instance(of, PickleValue::dict(attributes, arena), arena);
}

Failure no_reply(std::string message) {
    return {.code = Code::internal, .message = std::move(message)};
}

}  // namespace

std::expected<Call, Failure> read_pickled_request(std::span<const std::byte> body, Arena& arena,
                                                  const core::Limits& limits) {
    const auto pickled = read(body, arena, limits);
    if (!pickled) {
        return std::unexpected{refused_request(pickled.error())};
    }
    const PickleValue& request = pickled->value;
    const PickleValue* const name = request.find(callme_func_name);
    const PickleValue* const args = request.find(callme_func_args);
    const PickleValue* const kwargs = request.find(callme_func_kwargs);
    if (!is_instance(request, rpc_request_class) || name == nullptr || args == nullptr) {
        return std::unexpected{no_request(
            "A request should be a callme.protocol.RpcRequest with func_name and func_args")};
    }
    if (!name->is(Kind::text) || (!args->is(Kind::tuple) && !args->is(Kind::list)) ||
        (kwargs != nullptr && !kwargs->is(Kind::dict))) {
        return std::unexpected{
            no_request("func_name should be a str, func_args a tuple and func_kwargs a dict")};
    }
    auto positional = format::pickle_to_value(*args, arena);
    if (!positional) {
        return std::unexpected{no_value(std::move(positional.error()), callme_func_args)};
    }
    auto named = kwargs != nullptr ? format::pickle_to_value(*kwargs, arena) : Value::map({});
    if (!named) {
        return std::unexpected{no_value(std::move(named.error()), callme_func_kwargs)};
    }
    return callme_call(name->as_text(), *positional, *named, arena);
}

std::expected<void, format::EncodeError> write_pickled_request(std::string_view method,
                                                               const CallmeArguments& arguments,
                                                               int protocol, Arena& arena,
                                                               std::string& body) {
    const PickleValue args = format::pickle_from_value(arguments.args, arena);
    const std::array attributes{
        PickleValue::text(callme_func_name),   PickleValue::text(method),
        PickleValue::text(callme_func_args),   PickleValue::tuple(args.items(), arena),
        PickleValue::text(callme_func_kwargs), format::pickle_from_value(arguments.kwargs, arena)};
    return format::pickle_encode(instance(rpc_request_class, attributes, arena), protocol, body);
}

std::expected<Response, Failure> read_pickled_reply(std::span<const std::byte> body, Arena& arena,
                                                    const core::Limits& limits) {
    const auto pickled = read(body, arena, limits);
    if (!pickled) {
        if (auto refused = reply_over_limit(pickled.error().type, limits)) {
            return std::unexpected{std::move(*refused)};
        }
        return std::unexpected{no_reply("The reply cannot be read: " + pickled.error().message)};
    }
    const PickleValue* const result = pickled->value.find("result");
    if (!is_instance(pickled->value, rpc_response_class) || result == nullptr) {
        return std::unexpected{
            no_reply("The reply is not a callme.protocol.RpcResponse with a result")};
    }
    if (result->is(Kind::exception)) {
        return std::unexpected{callme_failure(*result, arena)};
    }
    const auto value = format::pickle_to_value(*result, arena);
    if (!value) {
        return std::unexpected{no_reply("The reply cannot be read: " + value.error().message)};
    }
    return Response{.data = *value};
}

std::expected<void, format::EncodeError> write_pickled_reply(const Response& response,
                                                             std::string_view method, int protocol,
                                                             format::PickleReader reader,
                                                             Arena& arena, std::string& body) {
    const std::array attributes{
        PickleValue::text("result"),
        response.failure ? callme_exception(response, method, reader, arena)
                         : format::pickle_from_value(response.data.value_or(Value{}), arena),
        PickleValue::text("exception_raised"), PickleValue::boolean(response.failure.has_value())};
    return format::pickle_encode(instance(rpc_response_class, attributes, arena), protocol, body,
                                 core::Limits{}.nesting_depth_max, reader);
}

}  // namespace warren::protocol
