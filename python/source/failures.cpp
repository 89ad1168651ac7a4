#include "source/failures.hpp"

#include "source/values.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

namespace warren::python {
namespace {

std::string_view name_of_retry(Retry retry) {
    switch (retry) {
    case Retry::safe:
        return "safe";
    case Retry::if_idempotent:
        return "if_idempotent";
    case Retry::useless:
        break;
    }
    return "useless";
}

py::tuple location_of(const std::vector<PathStep>& steps) {
    py::tuple location(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        location[i] =
            std::visit([](const auto& step) -> py::object { return py::cast(step); }, steps[i]);
    }
    return location;
}

}  // namespace

py::object to_exception(const Failure& failure) {
    py::list errors;
    for (const FieldError& error : failure.errors) {
        errors.append(py::make_tuple(location_of(error.location), error.message, error.type));
    }
    const py::object retry_after =
        failure.retry_after ? py::cast(std::chrono::duration<double>{*failure.retry_after}.count())
                            : py::object{py::none()};
    return py::module_::import("warren.errors")
        .attr("make")(name_of(failure.code), failure.message, errors, to_python(failure.data),
                      name_of_retry(retry_of(failure.code)), retry_after, failure.peer_text,
                      failure.is_replayed);
}

void raise(const Failure& failure) {
    const py::object exception = to_exception(failure);
    PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
    throw py::error_already_set();
}

Failure to_failure(py::handle error) {
    Failure failure{
        .code = code_named(error.attr("code").cast<std::string>()).value_or(Code::internal),
        .message = error.attr("message").cast<std::string>(),
        .data = to_dynamic(error.attr("data"), "data of the failure")};
    for (const py::handle each : error.attr("errors")) {
        FieldError field{.message = each.attr("message").cast<std::string>(),
                         .type = each.attr("type").cast<std::string>()};
        for (const py::handle step : each.attr("location")) {
            if (PyLong_Check(step.ptr())) {
                field.location.emplace_back(step.cast<std::size_t>());
            } else {
                field.location.emplace_back(step.cast<std::string>());
            }
        }
        failure.errors.push_back(std::move(field));
    }
    if (const py::object after = error.attr("retry_after"); !after.is_none()) {
        failure.retry_after = std::chrono::round<std::chrono::milliseconds>(
            std::chrono::duration<double>{after.cast<double>()});
    }
    failure.asks_retry = error.attr("asks_retry").cast<bool>();
    return failure;
}

void translate_errors() {
    py::register_exception_translator([](std::exception_ptr thrown) {
        try {
            std::rethrow_exception(thrown);
        } catch (const Error& error) {
            const py::object exception = to_exception(error.failure());
            PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
        }
    });
}

}  // namespace warren::python
