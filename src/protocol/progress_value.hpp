#pragma once

#include <warren/arena.hpp>
#include <warren/progress.hpp>
#include <warren/value.hpp>

/// How far a call is, between Warren's own peers: {"fraction", "text", "data"}, of which what is
/// not said is left out.
namespace warren::protocol {

/// out  views of `progress` and `arena`
Value progress_value(const Progress& progress, Arena& arena);
/// What is of another kind is not said.
Progress read_progress(const Value& value);

}  // namespace warren::protocol
