#pragma once

#include <warren/arena.hpp>
#include <warren/dynamic.hpp>

#include <pybind11/pybind11.h>

#include <cstddef>
#include <string>
#include <vector>

/// How what travels looks in Python. Knows values and Python's objects, and nothing of calls.
namespace warren::python {

namespace py = pybind11;

/// Read a Python object: None, bool, int, float, str, bytes, lists, tuples, sets and dicts, and
/// whatever `warren.values.plain` makes one of these of.
/// in   place: what it is, for errors, such as "arguments"
/// err  throws py::error_already_set, naming the place: TypeError, it has no form on the wire;
///      ValueError, it is nested in itself; OverflowError, it is too large a number
/// thread one that has the GIL
Dynamic to_dynamic(py::handle object, const char* place);

/// out  a map as a dict, bytes as bytes
/// thread one that has the GIL
py::object to_python(const Value& value);
inline py::object to_python(const Dynamic& dynamic) {
    return to_python(dynamic.value());
}

}  // namespace warren::python
