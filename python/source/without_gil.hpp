#pragma once

#include <pybind11/pybind11.h>
#include <unistd.h>

namespace warren::python {

/// Lets other threads of Python run while it lives.
/// thread one that has the GIL
class WithoutGil {
public:
    WithoutGil() : state_{_Py_IsFinalizing() != 0 ? nullptr : PyEval_SaveThread()} {}
    /// At the interpreter's end Python ends threads that ask for the GIL, in the midst of whatever
    /// they are doing: such a thread stays here instead, until the process is over.
    ~WithoutGil() noexcept(false) {
        if (state_ == nullptr) {
            return;  // of the thread that ends the interpreter
        }
        while (_Py_IsFinalizing() != 0) {
            pause();
        }
        PyEval_RestoreThread(state_);
    }
    WithoutGil(const WithoutGil&) = delete;
    WithoutGil& operator=(const WithoutGil&) = delete;

private:
    PyThreadState* const state_;
};

}  // namespace warren::python
