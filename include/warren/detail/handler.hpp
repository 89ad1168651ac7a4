#pragma once

#include <warren/contract.hpp>
#include <warren/detail/handler_shape.hpp>
#include <warren/detail/invocation.hpp>
#include <warren/model.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren {

/// The names of a plain function's parameters.
class ParameterNames {
public:
    ParameterNames(std::initializer_list<std::string_view> names);
    ParameterNames(std::vector<std::string> names);
    ~ParameterNames();

    std::vector<std::string> take() { return std::move(names_); }

private:
    std::vector<std::string> names_;
};

/// Makes the runs of one handler, of an erased type.
class InvocationFactory {
public:
    using Make = Invocation* (*)(const std::shared_ptr<void>& handler);

    InvocationFactory() = default;
    InvocationFactory(std::shared_ptr<void> handler, Make make)
        : handler_{std::move(handler)}, make_{make} {}

    std::unique_ptr<Invocation> operator()() const {
        return std::unique_ptr<Invocation>{make_(handler_)};
    }

private:
    std::shared_ptr<void> handler_;
    Make make_ = nullptr;
};

}  // namespace warren

// How a handler of any accepted shape becomes an `InvocationFactory` with two types.
namespace warren::detail {

struct HandlerDescription {
    const Type* request;
    const Type* response;
    InvocationFactory make_invocation;
    std::shared_ptr<void> (*make_response)();
    bool responds_later;
    const Type* part = nullptr;                // of its stream; null: it has none
    std::shared_ptr<const void> parameters{};  // what `request` is a part of, if anything
};

[[noreturn]] void refuse_parameter_names(std::string_view method, std::size_t parameters,
                                         std::size_t names);

/// A response to fill with mock data; nullptr for a handler that returns nothing.
template <typename Response>
std::shared_ptr<void> make_default_response() {
    if constexpr (std::is_void_v<Response>) {
        return nullptr;
    } else {
        using Made = std::remove_cv_t<Response>;
        return own(new Made(), &delete_object<Made>);
    }
}

template <typename Made>
Invocation* make_run(const std::shared_ptr<void>& handler) {
    return new Made(handler);
}

/// out  nullptr: there are no parts
template <typename Part>
const Type* part_type_of() {
    if constexpr (std::is_void_v<Part>) {
        return nullptr;
    } else {
        return &type_of<Part>();
    }
}

template <typename Request, Passing passing, typename Handler>
HandlerDescription describe_run(const Type* request, Handler handler) {
    using Shape = ShapeOf<Handler>;
    using Response = Shape::Response;
    return {request,
            &type_of<Response>(),
            {own(new Handler(std::move(handler)), &delete_object<Handler>),
             &make_run<typename Shape::template Made<Handler, Request, passing>>},
            &make_default_response<Response>,
            Shape::is_later,
            part_type_of<typename Shape::Part>()};
}

/// A parameter of a plain function.
struct Parameter {
    const Type* type;
    void* (*access)(void* tuple);
    bool required;
};

template <std::size_t index, typename Tuple>
void* access_element(void* tuple) {
    return &std::get<index>(*static_cast<Tuple*>(tuple));
}

/// Describe the parameters of a plain function as a model without a struct.
/// err  throws Error (internal) when there are not as many names
void describe_parameters(HandlerDescription& described, std::span<const Parameter> parameters,
                         const ObjectParts& parts, ParameterNames names, std::string_view method);

template <typename Handler>
HandlerDescription describe_handler(Handler handler, ParameterNames names,
                                    std::string_view method) {
    using Tuple = ShapeOf<Handler>::Data;
    HandlerDescription described = describe_run<Tuple, Passing::apart>(nullptr, std::move(handler));
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        static constexpr std::array<Parameter, sizeof...(Index)> parameters{
            Parameter{&type_of<std::tuple_element_t<Index, Tuple>>(), &access_element<Index, Tuple>,
                      !is_optional<std::tuple_element_t<Index, Tuple>>}...};
        describe_parameters(described, parameters, PartsOf<Tuple>::parts, std::move(names), method);
    }(std::make_index_sequence<std::tuple_size_v<Tuple>>{});
    return described;
}

template <typename Handler>
HandlerDescription describe_handler(Handler handler, std::string_view method) {
    using Shape = ShapeOf<Handler>;
    if constexpr (Shape::data_count == 1) {
        using Request = std::tuple_element_t<0, typename Shape::All>;
        if constexpr (DescribedModel<Request>) {
            return describe_run<Request, Passing::whole>(&type_of<Request>(), std::move(handler));
        }
    }
    if constexpr (Shape::data_count == 0) {
        return describe_handler(std::move(handler), {}, method);
    }
    refuse_parameter_names(method, Shape::data_count, 0);
}

template <typename C>
struct PartTypeOf {
    using type = void;
};
template <StreamContract C>
struct PartTypeOf<C> {
    using type = C::part_type;
};

template <typename Shape, typename C>
consteval bool keeps_to() {
    using Request = C::request_type;
    if constexpr (!std::same_as<typename Shape::Response, typename C::response_type> ||
                  !std::same_as<typename Shape::Part, typename PartTypeOf<C>::type>) {
        return false;
    } else if constexpr (Shape::data_count == 1) {
        return std::same_as<std::tuple_element_t<0, typename Shape::All>, Request> &&
               std::convertible_to<const Request&, std::tuple_element_t<0, typename Shape::Given>>;
    } else {
        return Shape::data_count == 0;
    }
}

template <Contract C, typename Handler>
HandlerDescription describe_for(Handler handler) {
    using Shape = ShapeOf<Handler>;
    using Request = C::request_type;
    if constexpr (keeps_to<Shape, C>()) {
        constexpr Passing passing = Shape::data_count == 0 ? Passing::not_at_all : Passing::whole;
        return describe_run<Request, passing>(&type_of<Request>(), std::move(handler));
    } else {
        static_assert(
            always_false<Handler>,
            "the handler does not keep to its WARREN_CONTRACT: it takes the contract's "
            "request as const&, or nothing, then Context& where it wants it, Stream<part> "
            "of a stream's, and Responder<response> where it wants it, and gives the "
            "contract's response, a Reply or a std::expected of it, or a task of these");
    }
}

}  // namespace warren::detail
