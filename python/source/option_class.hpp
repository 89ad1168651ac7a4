#pragma once

#include <warren/dynamic.hpp>
#include <warren/log.hpp>

#include "source/values.hpp"

#include <pybind11/chrono.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// How one struct of settings becomes a class of Python.
namespace warren::python {

/// An enumeration of options: a text in Python.
template <typename Enum>
struct OptionNames;

template <typename Enum>
std::string option_name(Enum value) {
    for (const auto& [each, name] : OptionNames<Enum>::all) {
        if (each == value) {
            return name;
        }
    }
    return {};
}

template <typename Enum>
Enum option_named(const std::string& name) {
    std::string known;
    for (const auto& [each, its_name] : OptionNames<Enum>::all) {
        if (name == its_name) {
            return each;
        }
        known += (known.empty() ? "" : ", ") + std::string{its_name};
    }
    throw py::value_error("'" + name + "' is none of " + known);
}

/// in   value: seconds, or a timedelta
template <typename Duration>
Duration duration_of(const py::object& value) {
    const bool is_number = PyFloat_Check(value.ptr()) || PyLong_Check(value.ptr());
    const std::chrono::duration<double> seconds{
        py::cast<double>(is_number ? value : value.attr("total_seconds")())};
    constexpr double most = 1e9;
    if (!(seconds.count() >= 0 && seconds.count() <= most)) {
        throw py::value_error(py::cast<std::string>(py::repr(value)) +
                              " is no time from 0 to 1,000,000,000 s");
    }
    return std::chrono::round<Duration>(seconds);
}

/// A class whose objects are made of names and values.
template <typename Options>
class OptionClass {
public:
    OptionClass(py::module_& module, const char* name, const char* documentation)
        : class_{module, name, documentation} {
        class_.def(py::init([name = std::string{name}](const py::kwargs& given) {
            Options options;
            set(options, given, name);
            return options;
        }));
        class_.def(
            "replace",
            [name = std::string{name}](const Options& self, const py::kwargs& given) {
                Options options = self;
                set(options, given, name);
                return options;
            },
            "The same with other values for some.");
    }

    template <typename Member>
    OptionClass& option(const char* name, Member Options::* member) {
        class_.def_readwrite(name, member);
        return *this;
    }
    template <typename Count, typename Period>
    OptionClass& option(const char* name, std::chrono::duration<Count, Period> Options::* member) {
        class_.def_property(
            name, [member](const Options& self) { return self.*member; },
            [member](Options& self, const py::object& value) {
                self.*member = duration_of<std::chrono::duration<Count, Period>>(value);
            });
        return *this;
    }
    template <typename Count, typename Period>
    OptionClass& option(const char* name,
                        std::optional<std::chrono::duration<Count, Period>> Options::* member) {
        class_.def_property(
            name, [member](const Options& self) { return self.*member; },
            [member](Options& self, const py::object& value) {
                self.*member =
                    value.is_none()
                        ? std::nullopt
                        : std::optional{duration_of<std::chrono::duration<Count, Period>>(value)};
            });
        return *this;
    }
    template <typename Enum>
    OptionClass& choice(const char* name, Enum Options::* member) {
        class_.def_property(
            name, [member](const Options& self) { return option_name(self.*member); },
            [member](Options& self, const std::string& value) {
                self.*member = option_named<Enum>(value);
            });
        return *this;
    }
    template <typename Enum>
    OptionClass& choice(const char* name, std::optional<Enum> Options::* member) {
        class_.def_property(
            name,
            [member](const Options& self) {
                return self.*member ? py::cast(option_name(*(self.*member))) : py::none();
            },
            [member](Options& self, const std::optional<std::string>& value) {
                self.*member = value ? std::optional{option_named<Enum>(*value)} : std::nullopt;
            });
        return *this;
    }
    /// Options of their own, which may be given as a dict.
    template <typename Part>
    OptionClass& part(const char* name, Part Options::* member) {
        class_.def_property(
            name, [member](Options& self) -> Part& { return self.*member; },
            [member](Options& self, const py::object& value) { self.*member = made<Part>(value); },
            py::return_value_policy::reference_internal);
        return *this;
    }
    template <typename Part>
    OptionClass& part(const char* name, std::optional<Part> Options::* member) {
        class_.def_property(
            name,
            [member](Options& self) {
                return self.*member ? &*(self.*member) : static_cast<Part*>(nullptr);
            },
            [member](Options& self, const py::object& value) {
                self.*member = value.is_none() ? std::nullopt : std::optional{made<Part>(value)};
            },
            py::return_value_policy::reference_internal);
        return *this;
    }
    template <typename Part>
    OptionClass& part(const char* name, std::vector<Part> Options::* member) {
        class_.def_property(
            name, [member](const Options& self) { return self.*member; },
            [member](Options& self, const py::list& values) {
                std::vector<Part> parts;
                for (const py::handle value : values) {
                    parts.push_back(made<Part>(py::reinterpret_borrow<py::object>(value)));
                }
                self.*member = std::move(parts);
            });
        return *this;
    }
    OptionClass& value(const char* name, Dynamic Options::* member) {
        class_.def_property(
            name, [member](const Options& self) { return to_python(self.*member); },
            [name, member](Options& self, const py::object& value) {
                self.*member = to_dynamic(value, name);
            });
        return *this;
    }
    /// Something that is made of options, which may be given as a dict; reading says whether it is.
    template <typename Made, typename Part>
    OptionClass& made_of(const char* name, std::shared_ptr<Made> Options::* member,
                         std::shared_ptr<Made> (*make)(Part)) {
        class_.def_property(
            name, [member](const Options& self) { return self.*member != nullptr; },
            [member, make](Options& self, const py::object& value) {
                self.*member = value.is_none() ? std::shared_ptr<Made>{} : make(made<Part>(value));
            });
        return *this;
    }
    /// "debug", "info", "warning" or "error": what is logged to standard error from there on.
    OptionClass& log(std::shared_ptr<Log> Options::* member) {
        class_.def_property(
            "log", [member](const Options& self) { return self.*member != nullptr; },
            [member](Options& self, const std::optional<std::string>& level) {
                self.*member =
                    level ? stderr_log(option_named<LogLevel>(*level)) : std::shared_ptr<Log>{};
            });
        return *this;
    }

private:
    template <typename Part>
    static Part made(const py::object& value) {
        return py::cast<Part>(PyDict_Check(value.ptr())
                                  ? py::type::of<Part>()(**py::reinterpret_borrow<py::dict>(value))
                                  : value);
    }

    static void set(Options& options, const py::dict& given, const std::string& name) {
        const py::object self = py::cast(options, py::return_value_policy::reference);
        for (const auto& [key, value] : given) {
            const auto option = py::cast<std::string>(key);
            if (!py::hasattr(self, key)) {
                throw py::type_error(name + " has no option '" + option + "'");
            }
            try {
                py::setattr(self, key, value);
            } catch (py::error_already_set& error) {
                // pybind11 tells of its C++ types, and not of what is wrong.
                if (!PyDict_Check(value.ptr()) &&
                    (error.matches(PyExc_TypeError) || error.matches(PyExc_AttributeError))) {
                    throw py::type_error(name + "." + option + ": " +
                                         py::cast<std::string>(py::repr(value)) +
                                         " is of the wrong type");
                }
                throw;
            }
        }
    }

    py::class_<Options> class_;
};

template <>
struct OptionNames<LogLevel> {
    static constexpr std::pair<LogLevel, const char*> all[] = {{LogLevel::debug, "debug"},
                                                               {LogLevel::info, "info"},
                                                               {LogLevel::warning, "warning"},
                                                               {LogLevel::error, "error"}};
};

}  // namespace warren::python
