#pragma once

#include <warren/error.hpp>

#include <pybind11/pybind11.h>

/// Failures as the exceptions of `warren.errors`, and back. Knows both catalogues, and no calls.
namespace warren::python {

namespace py = pybind11;

/// out  the exception, not raised
/// thread of all: one that has the GIL
py::object to_exception(const Failure& failure);
[[noreturn]] void raise(const Failure& failure);
/// What a `warren.Error` says.
Failure to_failure(py::handle error);

/// Have `warren::Error` of C++ functions be raised as one of these.
void translate_errors();

}  // namespace warren::python
