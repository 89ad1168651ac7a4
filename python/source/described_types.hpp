#pragma once

#include "source/erased_types.hpp"

#include <pybind11/pybind11.h>

/// Types as `warren.types` describes them in Python.
namespace warren::python {

/// in   description: a tuple that begins with a kind's name, such as ("list", ("integer",))
/// err  throws as `make_model`
/// thread one that has the GIL
ErasedTypePointer described_type(pybind11::handle description);

}  // namespace warren::python
