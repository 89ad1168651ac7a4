#pragma once

#include <warren/constraints.hpp>
#include <warren/type.hpp>
#include <warren/value.hpp>

#include "model/random.hpp"

#include <cstddef>
#include <string>

namespace warren::model {

/// A number of an integer's type within its constraints, if there is one.
Value mock_integer(const Type& type, const Constraints& constraints, Random& random);

/// A number within the constraints, if there is one.
double mock_floating(const Type& type, const Constraints& constraints, Random& random);

/// A count of a duration's unit within the constraints, if there is one.
Value mock_duration(const Type& type, const Constraints& constraints, Random& random);

/// Text of a length within the constraints.
/// in   attempt: a pattern cannot be read backwards, so each attempt has text of another shape
std::string mock_text(const Constraints& constraints, std::size_t attempt, Random& random);

std::string mock_path(const Type& type, const Constraints& constraints, Random& random);

/// How many elements a list, map or bytes get.
/// in   usual: where the constraints leave it open
std::size_t mock_length(const Constraints& constraints, std::size_t usual);

}  // namespace warren::model
