#pragma once

#include <warren/client.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>

#include <exception>
#include <memory>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>

/// Calls of a client, or of one of its targets, for programs built on Boost.Asio: with any
/// completion token, such as `use_awaitable`, `use_future`, `deferred` or a function.
namespace warren {

namespace detail {

template <typename T>
struct CallSignature {
    using type = void(std::exception_ptr, T);
};
template <>
struct CallSignature<void> {
    using type = void(std::exception_ptr);
};

/// Gives the outcome to an Asio handler, on its associated executor.
template <typename T, typename Handler>
class AsioSink final : public CallSink {
public:
    explicit AsioSink(Handler handler)
        : handler_{std::move(handler)},
          work_{boost::asio::make_work_guard(boost::asio::get_associated_executor(handler_))} {}

    void* response() override { return storage_.address(); }

    void finished(std::string_view, bool, Failure* failure) override {
        std::exception_ptr error;
        if (failure != nullptr) {
            error = std::make_exception_ptr(Error{std::move(*failure)});
        }
        auto executor = work_.get_executor();
        // Whoever runs the executor may destroy it once it has no work: not before `post` returns.
        const auto posting = work_;
        auto complete = [handler = std::move(handler_), storage = std::move(storage_),
                         error = std::move(error), work = std::move(work_)]() mutable {
            // The slot belongs to the handler's executor, so it is let go of here and not earlier.
            auto slot = boost::asio::get_associated_cancellation_slot(handler);
            if (slot.is_connected()) {
                slot.clear();
            }
            work.reset();
            if constexpr (std::is_void_v<T>) {
                static_cast<void>(storage);
                std::move(handler)(std::move(error));
            } else {
                std::move(handler)(std::move(error), std::move(storage.content));
            }
        };
        if constexpr (std::is_same_v<decltype(executor), boost::asio::system_executor>) {
            complete();
        } else {
            // Never inside of the call that started it, which a closed client completes in there.
            boost::asio::post(executor, std::move(complete));
        }
    }

private:
    Handler handler_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
    ResponseStorage<T> storage_;
};

/// Starts a call that was prepared, when Asio says so.
template <typename T>
struct StartCall {
    template <typename Handler>
    void operator()(Handler handler, ClientImplementation* client, PreparedCallPointer call) const {
        std::stop_token stop;
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            std::stop_source source;
            stop = source.get_token();
            slot.assign([source = std::move(source)](boost::asio::cancellation_type) mutable {
                source.request_stop();
            });
        }
        using Sink = AsioSink<T, Handler>;
        submit<Sink>(*client, std::move(call), std::move(stop), std::move(handler));
    }
};

template <typename T, typename Token>
auto async_submit(ClientTarget& target, const ErasedCall& call, const CallOptions& options,
                  Token& token) {
    return boost::asio::async_initiate<Token, typename CallSignature<T>::type>(
        StartCall<T>{}, token, &target.implementation(), target.prepare(call, options));
}

}  // namespace detail

/// Call a method; completes with (std::exception_ptr, response), or (std::exception_ptr) for a
/// response of `void`, on the token's associated executor (without one: on the client's I/O thread,
/// where nothing may block). Every type of cancellation ends the call: it is `cancelled`.
/// The request is not used any more when this returns.
///
///     const Request request{FavouriteFood::onion};
///     Response response = co_await warren::async_call<dx_example_method>(
///         client, request, boost::asio::use_awaitable);
///
/// Of the deleted overloads: g++ 12 destroys some temporaries of a full expression that holds a
/// `co_await` twice (aggregates with members that need a destructor, such as requests and options),
/// so both must be objects with a name, and so must a target.
template <Contract C, typename Token>
auto async_call(ClientTarget& target, const typename C::request_type& request, Token&& token) {
    return detail::async_submit<typename C::response_type>(target, detail::erase<C>(request),
                                                           CallOptions{}, token);
}
template <Contract C, typename Token>
auto async_call(ClientTarget& target, const typename C::request_type& request,
                const CallOptions& options, Token&& token) {
    return detail::async_submit<typename C::response_type>(target, detail::erase<C>(request),
                                                           options, token);
}
template <Contract C, typename Token>
    requires std::is_class_v<typename C::request_type>
auto async_call(ClientTarget& target, const typename C::request_type&& request,
                Token&& token) = delete;
template <Contract C, typename Token>
    requires std::is_class_v<typename C::request_type>
auto async_call(ClientTarget& target, const typename C::request_type&& request,
                const CallOptions& options, Token&& token) = delete;
template <Contract C, typename Token>
auto async_call(ClientTarget& target, const typename C::request_type& request,
                const CallOptions&& options, Token&& token) = delete;

/// The same without a contract; completes with (std::exception_ptr, Dynamic).
/// in   arguments: as for `Client::call`
template <typename Token>
auto async_call(ClientTarget& target, std::string_view method, const Dynamic& arguments,
                Token&& token) {
    return detail::async_submit<Dynamic>(target, detail::erase(method, arguments), CallOptions{},
                                         token);
}
template <typename Token>
auto async_call(ClientTarget& target, std::string_view method, const Dynamic& arguments,
                const CallOptions& options, Token&& token) {
    return detail::async_submit<Dynamic>(target, detail::erase(method, arguments), options, token);
}
template <typename Token>
auto async_call(ClientTarget& target, std::string_view method, const Dynamic&& arguments,
                Token&& token) = delete;
template <typename Token>
auto async_call(ClientTarget& target, std::string_view method, const Dynamic&& arguments,
                const CallOptions& options, Token&& token) = delete;
template <typename Token>
auto async_call(ClientTarget& target, std::string_view method, const Dynamic& arguments,
                const CallOptions&& options, Token&& token) = delete;

}  // namespace warren
