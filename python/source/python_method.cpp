#include "source/python_method.hpp"

#include <warren/model.hpp>

#include <array>
#include <utility>

namespace warren::python {
namespace {

using Access = void* (*)(void*);

template <std::size_t index>
void* access_at(void* arguments) {
    return static_cast<Dynamic*>(arguments) + index;
}

constexpr auto accesses = []<std::size_t... index>(std::index_sequence<index...>) {
    return std::array<Access, sizeof...(index)>{access_at<index>...};
}(std::make_index_sequence<parameters_max>{});

/// A model whose objects are arrays of values, one for each parameter.
struct Parameters {
    std::vector<Dynamic> fallbacks;
    Model model;
    Type type{.kind = Type::Kind::model};
};

std::shared_ptr<Parameters> describe(const std::string& method,
                                     const std::vector<Parameter>& parameters) {
    if (parameters.size() > parameters_max) {
        throw Error{Code::internal, "Method '" + method + "' has over " +
                                        std::to_string(parameters_max) +
                                        " parameters: take them as one dict"};
    }
    auto described = std::make_shared<Parameters>();
    described->model.name = method;
    described->model.shape = ModelShape::parameters;
    for (const Parameter& parameter : parameters) {
        Field& field = described->model.fields.emplace_back();
        field.name = parameter.name;
        field.type = &type_of<Dynamic>();
        field.access = accesses[described->fallbacks.size()];
        field.required = !parameter.fallback.has_value();
        described->fallbacks.push_back(parameter.fallback.value_or(Dynamic{}));
    }
    // The array is never empty: it has an address also without parameters.
    described->fallbacks.emplace_back();
    described->model.defaults =
        std::shared_ptr<void>{described->fallbacks.data(), [](void*) noexcept {}};
    described->type.model = LateModel{described->model};
    described->type.size_bytes = sizeof(Dynamic) * described->fallbacks.size();
    return described;
}

}  // namespace

Method python_method(std::string name, const std::optional<std::vector<Parameter>>& parameters,
                     std::uint64_t number, ArrivedCalls& calls) {
    auto handler = std::make_shared<PythonHandler>(number);
    handler->calls = &calls;
    Method method{.name = std::move(name), .response = &type_of<Dynamic>()};
    if (parameters) {
        auto described = describe(method.name, *parameters);
        handler->fallbacks = described->fallbacks;
        method.request = &described->type;
        method.parameters = std::move(described);
    } else {
        handler->fallbacks.emplace_back();
        method.request = &type_of<Dynamic>();
    }
    method.make_invocation = {std::move(handler), [](const std::shared_ptr<void>& made) {
                                  return static_cast<Invocation*>(new PythonInvocation{made});
                              }};
    method.make_response = [] { return std::shared_ptr<void>{std::make_shared<Dynamic>()}; };
    method.responds_later = true;
    // It only hands the call over.
    method.execution = Execution::io_thread;
    return method;
}

}  // namespace warren::python
