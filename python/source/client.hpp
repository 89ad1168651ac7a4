#pragma once

#include <pybind11/pybind11.h>

/// Calls: blocking ones, and those whose outcomes an event loop fetches.
namespace warren::python {

void add_client(pybind11::module_& module);

}  // namespace warren::python
