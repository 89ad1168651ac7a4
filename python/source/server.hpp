#pragma once

#include <pybind11/pybind11.h>

/// Servers whose handlers are Python's.
namespace warren::python {

void add_server(pybind11::module_& module);

}  // namespace warren::python
