#pragma once

#include <warren/error.hpp>

#include "source/process.hpp"
#include "source/without_gil.hpp"

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <utility>

namespace warren::python {

/// Something with threads of its own, which may end only in the process that it was made in, and
/// not while the GIL is held, as its end may wait.
template <typename T>
class Owned {
public:
    template <typename... Arguments>
    explicit Owned(Arguments&&... arguments)
        : object_{std::make_unique<T>(std::forward<Arguments>(arguments)...)} {}
    ~Owned() {
        if (!is_here()) {
            static_cast<void>(object_.release());
            return;
        }
        const WithoutGil released;
        object_.reset();
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    /// Whether this is the process that it was made in.
    bool is_here() const noexcept { return made_in_ == process_number(); }
    /// err  throws Error: it is not
    T& get() const {
        if (!is_here()) {
            throw Error{Code::invalid_request,
                        "This was made before the process forked, and its threads are not here: "
                        "make one in each process"};
        }
        return *object_;
    }

private:
    const std::uint64_t made_in_ = process_number();
    std::unique_ptr<T> object_;
};

}  // namespace warren::python
