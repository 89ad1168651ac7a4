#pragma once

#include <warren/contract.hpp>
#include <warren/dynamic.hpp>
#include <warren/error.hpp>
#include <warren/reply.hpp>

#include <atomic>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <expected>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

// How the client's templates meet the library, which knows types as data only.
namespace warren::detail {

struct ErasedCall;

/// What a client says of the contract that it was built from, made when it is first wanted.
class ContractPrint {
public:
    constexpr ContractPrint() noexcept = default;
    /// The beginning of the contract's fingerprint.          thread any
    std::string_view of(std::string_view method, const Type& request, const Type& response,
                        const Type* part);

private:
    std::atomic<const std::string*> made_ = nullptr;  // never freed
};

template <Contract C>
inline constinit ContractPrint contract_print{};

/// A call with its types erased; everything is viewed during the submission only.
struct ErasedCall {
    std::string_view method;
    const Type* request = nullptr;
    const void* arguments = nullptr;  // as `request` describes
    const Type* response = nullptr;
    bool wants_response = true;
    const Type* part = nullptr;               // null: no parts are asked for
    ContractPrint* print = nullptr;           // null: there is no contract
    const Type* contract_response = nullptr;  // of it, also of a call that asks for no response
    const Type* contract_part = nullptr;
};

template <Contract C>
ErasedCall erase(const typename C::request_type& request) {
    ErasedCall call{C::method_name, &type_of<typename C::request_type>(), &request,
                    &type_of<typename C::response_type>()};
    call.print = &contract_print<C>;
    call.contract_response = call.response;
    if constexpr (StreamContract<C>) {
        call.contract_part = &type_of<typename C::part_type>();
    }
    return call;
}

template <StreamContract C>
ErasedCall erase_stream(const typename C::request_type& request) {
    ErasedCall call = erase<C>(request);
    call.part = &type_of<typename C::part_type>();
    return call;
}

inline ErasedCall erase(std::string_view method, const Dynamic& arguments) {
    return {method, &type_of<Dynamic>(), &arguments, &type_of<Dynamic>()};
}

/// The same without a response.
inline ErasedCall one_way(ErasedCall call) {
    call.response = &type_of<void>();
    call.wants_response = false;
    return call;
}

/// A call whose arguments were validated, encrypted and rendered.
class PreparedCall;
struct PreparedCallDeleter {
    void operator()(PreparedCall* call) const noexcept;
};
using PreparedCallPointer = std::unique_ptr<PreparedCall, PreparedCallDeleter>;
/// Memory that lives as long as the call, for its sink.
void* sink_memory(PreparedCall& call, std::size_t size_bytes, std::size_t alignment);

/// How a caller says that it is done with parts of its call, which may be over.          thread any
class PartsCredit {
public:
    virtual ~PartsCredit() = default;
    virtual void done(std::size_t bytes) = 0;
};

/// Where the outcome of one call goes, and what comes before it. All functions are called on the
/// client's I/O thread.
class CallSink {
public:
    virtual ~CallSink() = default;
    /// A default-constructed object of the part's type to bind into.
    virtual void* part() { return nullptr; }
    /// It is bound.
    /// in   bytes: to be given to `credit` when it needs no more room
    virtual void part_bound(std::size_t /*bytes*/, const std::shared_ptr<PartsCredit>& /*credit*/) {
    }
    /// A default-constructed object of the response type to bind into; null for `void`.
    virtual void* response() = 0;
    /// The call is over; called once.
    /// in   failure: null for success. Of a handler's own failure the response may be bound too.
    virtual void finished(std::string_view message, bool has_response, Failure* failure) = 0;
};

class ClientImplementation;
void submit_to(ClientImplementation& client, PreparedCallPointer call, CallSink& sink,
               std::stop_token stop);

/// Begin a call.
/// in   stop: cancels it, as the one of its options
///      arguments: of the sink's constructor
template <std::derived_from<CallSink> Sink, typename... Arguments>
void submit(ClientImplementation& client, PreparedCallPointer call, std::stop_token stop,
            Arguments&&... arguments) {
    void* const memory = sink_memory(*call, sizeof(Sink), alignof(Sink));
    submit_to(client, std::move(call), *::new (memory) Sink(std::forward<Arguments>(arguments)...),
              std::move(stop));
}

/// Keeps a response while it is being received.
template <typename T>
struct ResponseStorage {
    using Content = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
    Content content{};

    void* address() noexcept {
        if constexpr (std::is_void_v<T>) {
            return nullptr;
        } else {
            return &content;
        }
    }

    std::expected<T, Failure> take(Failure* failure) {
        if (failure != nullptr) {
            return std::unexpected{std::move(*failure)};
        }
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return std::move(content);
        }
    }
};

/// A sink that a thread waits at.
class WaitingSink : public CallSink {
public:
    void finished(std::string_view message, bool has_response, Failure* failure) final {
        // Notified under the lock: the waiting thread destroys this as soon as it gets the lock.
        const std::lock_guard lock{mutex_};
        message_ = message;
        has_response_ = has_response;
        if (failure != nullptr) {
            failure_ = std::move(*failure);
        }
        is_finished_.store(true, std::memory_order_relaxed);
        finished_.notify_one();
    }

    void wait() {
        std::unique_lock lock{mutex_};
        finished_.wait(lock, [this] { return is_finished(); });
    }
    bool is_finished() const noexcept { return is_finished_.load(std::memory_order_relaxed); }

protected:
    std::string message_;
    std::optional<Failure> failure_;
    bool has_response_ = false;

private:
    std::mutex mutex_;
    std::condition_variable finished_;
    std::atomic<bool> is_finished_ = false;
};

template <typename T>
class BlockingSink final : public WaitingSink {
public:
    void* response() override { return storage_.address(); }

    T take_data() {
        if (failure_) {
            throw Error{std::move(*failure_)};
        }
        if constexpr (!std::is_void_v<T>) {
            return std::move(storage_.content);
        }
    }

    Reply<T> take_reply() {
        if (failure_ && failure_->code != Code::failed) {
            throw Error{std::move(*failure_)};
        }
        Reply<T> reply;
        reply.success = !failure_;
        reply.message = failure_ ? std::move(failure_->message) : std::move(message_);
        if (has_response_) {
            reply.data.emplace(std::move(storage_.content));
        }
        return reply;
    }

private:
    ResponseStorage<T> storage_;
};

template <typename T, typename Function>
class CompletionSink final : public CallSink {
public:
    explicit CompletionSink(Function completion) : completion_{std::move(completion)} {}

    void* response() override { return storage_.address(); }
    void finished(std::string_view, bool, Failure* failure) override {
        completion_(storage_.take(failure));
    }

private:
    Function completion_;
    ResponseStorage<T> storage_;
};

}  // namespace warren::detail
