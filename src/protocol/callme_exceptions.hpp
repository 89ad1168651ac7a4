#pragma once

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "format/pickle/pickle.hpp"
#include "protocol/call.hpp"

#include <string_view>

/// Failures as the exceptions that a Python caller expects, and back: the one table of both.
namespace warren::protocol {

/// The exception's type. Requests that do not fit the function's parameters are told apart from
/// those whose values are wrong.
std::string_view callme_exception_type(const Response& failure) noexcept;

/// The exception that the data of `failed` or `invalid_request` names, as `callme_failure` and
/// `python_error` write it; otherwise the one of the table.
/// in   method: as the request named it; views of `failure`, `method` and `arena` are kept
/// out  one that the reader can make: where the type would refuse the arguments, fewer of them, or
///      the type above it
format::PickleValue callme_exception(const Response& failure, std::string_view method,
                                     format::PickleReader reader, Arena& arena);

/// What a raised exception is to a caller here: `failed`, with its type and arguments as data. Its
/// type says nothing more, because functions raise the same ones for reasons of their own.
/// in   exception: of that kind
Failure callme_failure(const format::PickleValue& exception, Arena& arena);

}  // namespace warren::protocol
