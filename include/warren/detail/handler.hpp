#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>
#include <warren/model.hpp>
#include <warren/reply.hpp>

#include <cstddef>
#include <expected>
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
namespace warren {

/// One run of a handler at a time: the request to bind into, then the result.
class Invocation {
public:
    virtual ~Invocation() = default;
    /// The object that the request type describes, default-constructed when it is new or cleared.
    virtual void* request() = 0;
    /// Run the handler once. What it throws passes through.
    virtual void run(Context& context) = 0;
    /// Destroy the request and the result, for another run.
    virtual void clear() noexcept {
        success = true;
        message = "OK";
        data = nullptr;
        failure.reset();
    }

    bool success = true;
    std::string message{"OK"};
    const void* data = nullptr;        // as the response type describes; nullptr: none
    std::optional<Failure> failure{};  // a handler's `std::unexpected`
};

namespace detail {

struct HandlerDescription {
    const Type* request;
    const Type* response;
    std::function<std::unique_ptr<Invocation>()> make_invocation;
    std::function<std::shared_ptr<void>()> make_response;
};

[[noreturn]] void refuse_parameter_names(std::string_view method, std::size_t parameters,
                                         std::size_t names);

template <typename Result>
struct ResponseOf {
    using type = Result;
};
template <typename T>
struct ResponseOf<Reply<T>> {
    using type = T;
};
template <typename T>
struct ResponseOf<std::expected<T, Failure>> : ResponseOf<T> {};

/// Keeps a handler's result alive and shows it to the runtime.
template <typename Result>
class ResultHolder {
public:
    template <typename Function>
    void take_from(Function&& call, Invocation& invocation) {
        if constexpr (std::is_void_v<Result>) {
            call();
        } else {
            show(result_.emplace(call()), invocation);
        }
    }

    void clear() noexcept {
        if constexpr (!std::is_void_v<Result>) {
            result_.reset();
        }
    }

private:
    template <typename T>
    static void show(const T& data, Invocation& invocation) {
        invocation.data = &data;
    }
    template <typename T>
    static void show(const Reply<T>& reply, Invocation& invocation) {
        invocation.success = reply.success;
        invocation.message = reply.message;
        invocation.data = reply.data ? &*reply.data : nullptr;
    }
    template <typename T>
    static void show(const std::expected<T, Failure>& result, Invocation& invocation) {
        if (!result) {
            invocation.failure = result.error();
            return;
        }
        if constexpr (!std::is_void_v<T>) {
            show(*result, invocation);
        }
    }

    std::conditional_t<std::is_void_v<Result>, std::monostate, std::optional<Result>> result_;
};

/// The request as one object: the model itself, or a tuple of a plain function's parameters.
template <typename Handler, typename Result, typename Request, bool is_tuple, bool takes_context>
class HandlerInvocation final : public Invocation {
public:
    explicit HandlerInvocation(std::shared_ptr<Handler> handler) : handler_{std::move(handler)} {}

    void* request() override {
        if (!request_) {
            request_.emplace();
        }
        return &*request_;
    }

    void run(Context& context) override {
        result_.take_from([&]() -> Result { return call(context); }, *this);
    }

    void clear() noexcept override {
        result_.clear();
        request_.reset();
        Invocation::clear();
    }

private:
    Result call(Context& context) {
        if constexpr (is_tuple) {
            return std::apply(
                [&](auto&... parameters) -> Result {
                    if constexpr (takes_context) {
                        return (*handler_)(std::move(parameters)..., context);
                    } else {
                        return (*handler_)(std::move(parameters)...);
                    }
                },
                *request_);
        } else if constexpr (takes_context) {
            return (*handler_)(std::as_const(*request_), context);
        } else {
            return (*handler_)(std::as_const(*request_));
        }
    }

    std::shared_ptr<Handler> handler_;
    std::optional<Request> request_;
    ResultHolder<Result> result_;
};

/// A response to fill with made-up data; nullptr for a handler that returns nothing.
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
    using All = std::tuple<std::remove_cvref_t<Parameters>...>;
    constexpr std::size_t count = sizeof...(Parameters);
    constexpr bool takes_context = [] {
        if constexpr (count == 0) {
            return false;
        } else {
            return std::is_same_v<std::tuple_element_t<count - 1, All>, Context>;
        }
    }();
    constexpr std::size_t data_count = count - (takes_context ? 1 : 0);
    using Tuple = decltype([]<std::size_t... Index>(std::index_sequence<Index...>) {
        return std::type_identity<std::tuple<std::tuple_element_t<Index, All>...>>{};
    }(std::make_index_sequence<data_count>{}))::type;
    using Response = typename ResponseOf<Result>::type;

    auto shared = std::make_shared<Handler>(std::move(handler));
    if constexpr (data_count == 1) {
        using Request = std::tuple_element_t<0, Tuple>;
        if constexpr (DescribedModel<Request>) {
            if (names.empty()) {
                using Made = HandlerInvocation<Handler, Result, Request, false, takes_context>;
                return {&type_of<Request>(), &type_of<Response>(),
                        [shared] { return std::make_unique<Made>(shared); },
                        &make_default_response<Response>};
            }
        }
    }
    if (names.size() != data_count) {
        refuse_parameter_names(method, data_count, names.size());
    }
    using Made = HandlerInvocation<Handler, Result, Tuple, true, takes_context>;
    // The factory owns the description: it lives as long as the method does.
    auto parameters = describe_parameters<Tuple>(std::move(names));
    return {parameters.get(), &type_of<Response>(),
            [shared, parameters] { return std::make_unique<Made>(shared); },
            &make_default_response<Response>};
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

}  // namespace detail
}  // namespace warren
