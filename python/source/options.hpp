#pragma once

#include <pybind11/pybind11.h>

/// The settings of clients, calls, listeners and servers as classes of Python, one attribute for
/// each member in C++. Knows no calls.
namespace warren::python {

void add_client_options(pybind11::module_& module);
void add_server_options(pybind11::module_& module);

}  // namespace warren::python
