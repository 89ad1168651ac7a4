#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "core/limits.hpp"
#include "format/error.hpp"
#include "format/pickle/pickle.hpp"
#include "protocol/call.hpp"

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

/// The bodies of the callme protocol as its own programs write them: instances of
/// `callme.protocol.RpcRequest` and `RpcResponse`.
namespace warren::protocol {

// All that a body may be an instance of.
inline constexpr std::array callme_classes{format::PickleClass{"callme.protocol", "RpcRequest"},
                                           format::PickleClass{"callme.protocol", "RpcResponse"}};

// The attributes of a request, in every form.
inline constexpr std::string_view callme_func_name = "func_name";
inline constexpr std::string_view callme_func_args = "func_args";
inline constexpr std::string_view callme_func_kwargs = "func_kwargs";

struct CallmeArguments {
    Value args = Value::list({});
    Value kwargs = Value::map({});
};

/// A call of these arguments: by position, unless some are named.
/// in   args: a list; kwargs: a map
Call callme_call(std::string_view method, const Value& args, const Value& kwargs, Arena& arena);
/// What a call's arguments are to a function of Python's.
CallmeArguments callme_arguments(const Call& call, Arena& arena);

/// The releases send no keyword arguments at all, not even none.
/// err  invalid_request
std::expected<Call, Failure> read_pickled_request(std::span<const std::byte> body, Arena& arena,
                                                  const core::Limits& limits);
std::expected<void, format::EncodeError> write_pickled_request(std::string_view method,
                                                               const CallmeArguments& arguments,
                                                               int protocol, Arena& arena,
                                                               std::string& body);

/// err  failed: an exception; internal: it cannot be read
std::expected<Response, Failure> read_pickled_reply(std::span<const std::byte> body, Arena& arena,
                                                    const core::Limits& limits);
/// As the first release reads it, which wants to be told also of a success that it is none.
std::expected<void, format::EncodeError> write_pickled_reply(const Response& response,
                                                             std::string_view method, int protocol,
                                                             format::PickleReader reader,
                                                             Arena& arena, std::string& body);

}  // namespace warren::protocol
