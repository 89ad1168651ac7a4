#include "source/described_types.hpp"

#include <warren/error.hpp>

#include "source/values.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace warren::python {
namespace {

using Microseconds = std::chrono::microseconds;

template <typename T>
ErasedTypePointer plain() {
    static const auto type = std::make_shared<PlainType<T>>();
    return type;
}

using Plain = ErasedTypePointer (*)();
const std::map<std::string, Plain, std::less<>> plain_types{
    {"nothing", plain<void>},    {"boolean", plain<bool>},        {"integer", plain<std::int64_t>},
    {"floating", plain<double>}, {"text", plain<std::string>},    {"bytes", plain<Bytes>},
    {"uuid", plain<Uuid>},       {"timestamp", plain<Timestamp>}, {"duration", plain<Microseconds>},
    {"dynamic", plain<Dynamic>},
};

std::optional<Value> bound_of(const py::dict& given, const char* name) {
    if (!given.contains(name)) {
        return std::nullopt;
    }
    const py::object bound = given[name];
    return PyFloat_Check(bound.ptr()) ? Value::floating(bound.cast<double>())
                                      : Value::integer(bound.cast<std::int64_t>());
}

std::optional<std::size_t> length_of(const py::dict& given, const char* name) {
    return given.contains(name) ? std::optional{given[name].cast<std::size_t>()} : std::nullopt;
}

Constraints constraints_of(const py::dict& given, const std::string& field) {
    Constraints constraints;
    constraints.greater_than = bound_of(given, "greater_than");
    constraints.at_least = bound_of(given, "at_least");
    constraints.less_than = bound_of(given, "less_than");
    constraints.at_most = bound_of(given, "at_most");
    constraints.min_length = length_of(given, "min_length");
    constraints.max_length = length_of(given, "max_length");
    if (given.contains("pattern")) {
        constraints.pattern.emplace(given["pattern"].cast<std::string>(), field);
    }
    return constraints;
}

/// in   described: name, type, whether it is required, its default, its description, constraints
ErasedField field_of(const py::tuple& described, const std::string& model) {
    ErasedField field{.name = described[0].cast<std::string>()};
    const std::string place = model + "." + field.name;
    field.type = described_type(described[1]);
    if (!described[2].cast<bool>()) {
        field.fallback = to_dynamic(described[3], ("default of " + place).c_str());
    }
    field.description = described[4].cast<std::string>();
    field.constraints = constraints_of(described[5].cast<py::dict>(), place);
    return field;
}

ErasedTypePointer model_of(const py::tuple& described, ModelShape shape) {
    ErasedModel model{.name = described[1].cast<std::string>(),
                      .description = described[2].cast<std::string>()};
    for (const py::handle field : described[3]) {
        model.fields.push_back(field_of(field.cast<py::tuple>(), model.name));
    }
    model.extra_fields = described[4].cast<bool>() ? ExtraFields::forbid : ExtraFields::ignore;
    model.shape = shape;
    return make_model(std::move(model));
}

ErasedTypePointer choice_of(const py::tuple& described) {
    std::vector<ErasedTypePointer> alternatives;
    for (const py::handle each : described[1]) {
        alternatives.push_back(described_type(each));
    }
    return make_choice(std::move(alternatives));
}

ErasedTypePointer make_described(const std::string& kind, const py::tuple& described) {
    if (kind == "optional") {
        return make_optional(described_type(described[1]));
    }
    if (kind == "secret") {
        return make_secret(described_type(described[1]));
    }
    if (kind == "list") {
        return make_list(described_type(described[1]));
    }
    if (kind == "map") {
        return make_map(described_type(described[1]));
    }
    if (kind == "choice") {
        return choice_of(described);
    }
    if (kind == "enumeration") {
        return make_enumeration(described[1].cast<std::string>(), described[2].cast<std::string>(),
                                described[3].cast<std::vector<std::string>>());
    }
    if (kind == "model" || kind == "parameters") {
        return model_of(described,
                        kind == "model" ? ModelShape::structure : ModelShape::parameters);
    }
    throw py::value_error("'" + kind + "' is no kind of type");
}

/// What has a name in a contract has it once: by the tuples that describe it, which are kept.
std::map<PyObject*, ErasedTypePointer>& named_types() {
    static auto* const types = new std::map<PyObject*, ErasedTypePointer>;
    return *types;
}

}  // namespace

ErasedTypePointer described_type(py::handle description) {
    const auto described = description.cast<py::tuple>();
    const auto kind = described[0].cast<std::string>();
    if (const auto found = plain_types.find(kind); found != plain_types.end()) {
        return found->second();
    }
    if (kind != "model" && kind != "enumeration") {
        return make_described(kind, described);
    }
    ErasedTypePointer& known = named_types()[description.ptr()];
    if (known == nullptr) {
        ErasedTypePointer made = make_described(kind, described);
        description.inc_ref();
        return named_types()[description.ptr()] = std::move(made);
    }
    return known;
}

}  // namespace warren::python
