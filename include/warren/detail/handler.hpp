#pragma once

#include <warren/context.hpp>
#include <warren/detail/invocation.hpp>
#include <warren/model.hpp>
#include <warren/responder.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

// How a handler of any accepted shape becomes an `Invocation` factory with two types.
namespace warren::detail {

struct HandlerDescription {
    const Type* request;
    const Type* response;
    std::function<std::unique_ptr<Invocation>()> make_invocation;
    std::function<std::shared_ptr<void>()> make_response;
    bool responds_later;
};

[[noreturn]] void refuse_parameter_names(std::string_view method, std::size_t parameters,
                                         std::size_t names);

/// The request as one object: the model itself, or a tuple of a plain function's parameters.
template <typename Base, typename Handler, typename Request, bool is_tuple>
class BoundHandler : public Base {
public:
    explicit BoundHandler(std::shared_ptr<Handler> handler) : handler_{std::move(handler)} {}

    void* request() override {
        if (!request_) {
            request_.emplace();
        }
        return &*request_;
    }

    void clear() noexcept override {
        Base::clear();
        request_.reset();
    }

protected:
    /// in   more: what the handler takes behind the request
    template <typename... More>
    decltype(auto) call(More&&... more) {
        if constexpr (is_tuple) {
            return std::apply(
                [&](auto&... parameters) -> decltype(auto) {
                    return (*handler_)(std::move(parameters)..., std::forward<More>(more)...);
                },
                *request_);
        } else {
            return (*handler_)(std::as_const(*request_), std::forward<More>(more)...);
        }
    }

private:
    std::shared_ptr<Handler> handler_;
    std::optional<Request> request_;
};

template <typename Handler, typename Result, typename Request, bool is_tuple, bool takes_context>
class HandlerInvocation final : public BoundHandler<Invocation, Handler, Request, is_tuple> {
public:
    using HandlerInvocation::BoundHandler::BoundHandler;

    void run(Context& context, OpenCall*) override {
        result_.take_from(
            [&]() -> Result {
                if constexpr (takes_context) {
                    return this->call(context);
                } else {
                    return this->call();
                }
            },
            *this);
    }

    void clear() noexcept override {
        result_.clear();
        HandlerInvocation::BoundHandler::clear();
    }

private:
    ResultHolder<Result> result_;
};

template <typename Handler, typename T, typename Request, bool is_tuple, bool takes_context>
class LaterHandlerInvocation final
    : public BoundHandler<LaterInvocation<T>, Handler, Request, is_tuple> {
public:
    using LaterHandlerInvocation::BoundHandler::BoundHandler;

    void run(Context& context, OpenCall* open) override {
        Responder<T> responder{*open};
        if constexpr (takes_context) {
            this->call(context, std::move(responder));
        } else {
            this->call(std::move(responder));
        }
    }
};

/// What a parameter is that is no part of the request.
template <typename T>
struct RespondsWith {
    static constexpr bool is_responder = false;
};
template <typename T>
struct RespondsWith<Responder<T>> {
    static constexpr bool is_responder = true;
    using type = T;
};

/// What a handler takes behind its request, and what it gives.
template <typename Result, typename... Parameters>
struct HandlerShape {
    static constexpr std::size_t count = sizeof...(Parameters);
    using All = std::tuple<std::remove_cvref_t<Parameters>..., void*>;  // never empty
    static constexpr std::size_t last = count == 0 ? 0 : count - 1;
    using Later = RespondsWith<std::tuple_element_t<last, All>>;
    static constexpr bool is_later = Later::is_responder;
    static constexpr std::size_t before_responder = count - (is_later ? 1 : 0);
    static constexpr bool takes_context = [] {
        if constexpr (before_responder == 0) {
            return false;
        } else {
            return std::is_same_v<std::tuple_element_t<before_responder - 1, All>, Context>;
        }
    }();
    static constexpr std::size_t data_count = before_responder - (takes_context ? 1 : 0);
    using Data = decltype([]<std::size_t... Index>(std::index_sequence<Index...>) {
        return std::type_identity<std::tuple<std::tuple_element_t<Index, All>...>>{};
    }(std::make_index_sequence<data_count>{}))::type;

    static_assert(!is_later || std::is_void_v<Result>,
                  "a handler with a Responder answers by that, and returns nothing");
    static constexpr auto response() {
        if constexpr (is_later) {
            return std::type_identity<typename Later::type>{};
        } else {
            return std::type_identity<typename ResponseOf<Result>::type>{};
        }
    }
    using Response = decltype(response())::type;

    template <typename Handler, typename Request, bool is_tuple>
    using Made = std::conditional_t<
        is_later, LaterHandlerInvocation<Handler, Response, Request, is_tuple, takes_context>,
        HandlerInvocation<Handler, Result, Request, is_tuple, takes_context>>;
};

/// A response to fill with mock data; nullptr for a handler that returns nothing.
template <typename Response>
std::shared_ptr<void> make_default_response() {
    if constexpr (std::is_void_v<Response>) {
        return nullptr;
    } else {
        return std::make_shared<std::remove_cv_t<Response>>();
    }
}

/// Describe the parameters of a plain function as a model without a struct.
template <typename Tuple>
std::shared_ptr<const Type> describe_parameters(std::vector<std::string> names) {
    auto model = std::make_shared<Model>();
    model->name = "Parameters";
    model->shape = ModelShape::parameters;
    model->defaults = std::make_shared<Tuple>();
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        (
            [&] {
                using Content = std::tuple_element_t<Index, Tuple>;
                Field field;
                field.name = std::move(names[Index]);
                field.type = &type_of<Content>();
                field.access = [](void* object) -> void* {
                    return &std::get<Index>(*static_cast<Tuple*>(object));
                };
                field.required = !is_optional<Content>;
                model->fields.push_back(std::move(field));
            }(),
            ...);
    }(std::make_index_sequence<std::tuple_size_v<Tuple>>{});
    return std::make_shared<const Type>(Type{.kind = Type::Kind::model,
                                             .size_bytes = sizeof(Tuple),
                                             .model = [model] { return model.get(); }});
}

template <typename Handler, typename Result, typename... Parameters>
HandlerDescription describe_call(Handler handler, std::vector<std::string> names,
                                 std::string_view method) {
    using Shape = HandlerShape<Result, Parameters...>;
    using Response = Shape::Response;
    using Tuple = Shape::Data;

    auto shared = std::make_shared<Handler>(std::move(handler));
    if constexpr (Shape::data_count == 1) {
        using Request = std::tuple_element_t<0, Tuple>;
        if constexpr (DescribedModel<Request>) {
            if (names.empty()) {
                using Made = Shape::template Made<Handler, Request, false>;
                return {&type_of<Request>(), &type_of<Response>(),
                        [shared] { return std::make_unique<Made>(shared); },
                        &make_default_response<Response>, Shape::is_later};
            }
        }
    }
    if (names.size() != Shape::data_count) {
        refuse_parameter_names(method, Shape::data_count, names.size());
    }
    using Made = Shape::template Made<Handler, Tuple, true>;
    // The factory owns the description: it lives as long as the method does.
    auto parameters = describe_parameters<Tuple>(std::move(names));
    return {parameters.get(), &type_of<Response>(),
            [shared, parameters] { return std::make_unique<Made>(shared); },
            &make_default_response<Response>, Shape::is_later};
}

template <typename Handler>
HandlerDescription describe_handler(Handler handler, std::vector<std::string> names,
                                    std::string_view method) {
    return [&]<typename Result, typename... Parameters>(
               std::type_identity<std::function<Result(Parameters...)>>) {
        return describe_call<Handler, Result, Parameters...>(std::move(handler), std::move(names),
                                                             method);
    }(std::type_identity<decltype(std::function{handler})>{});
}

}  // namespace warren::detail
