#pragma once

#include <warren/dynamic.hpp>
#include <warren/error.hpp>

#include <string_view>

namespace warren {

/// A failure of the handler's own that callers of callme get as one of Python's exceptions, and
/// others as `failed` with the data {"type", "args"}:
///
///     throw python_error("KeyError", "no such user");
///     throw python_error("OSError", Dynamic::list({2, "No such file"}));
///
/// in   type: one of Python's own that `except Exception` catches; args: its arguments when this is
///      a list, otherwise the only one, null for none
/// out  to be thrown, or its `failure()` returned; of another type an `internal` that says so
Error python_error(std::string_view type, const Dynamic& args = {});

}  // namespace warren
