#pragma once

#include <warren/arena.hpp>
#include <warren/client.hpp>
#include <warren/context.hpp>

#include "endpoint/client/client_interceptors.hpp"
#include "format/fernet/fernet.hpp"
#include "model/secrets.hpp"
#include "runtime/client/client_calls.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace warren::detail {

/// What the caller does meanwhile.
enum class Caller : std::uint8_t {
    goes_on,  // and its objects may be gone: they are copied
    waits,    // until the call is over, so that they are used where they are
};

class CallCredit;

/// One call of a `Client`: its rendered arguments on the way out, its response on the way back.
/// When it is over it goes back to the idle ones, with its memory.
class PreparedCall final : public runtime::ClientCall {
public:
    ~PreparedCall() override { destroy_sink(); }

    /// Take the arguments over; what is wrong with them is kept in `refused`.
    /// in   named: arguments by name beside those by position; null: none
    ///      depth: of what names make secrets; unix_seconds: now, for tokens
    void prepare(const ErasedCall& call, const Value& named, const format::Keyring& keys,
                 model::SecretDepth depth, std::int64_t unix_seconds, Caller caller);
    /// Say what its options say of it.
    /// in   of: whose trace, baggage and priority go on where these say none; null: nobody's
    ///      print: of its contract, where they say none; lives for ever
    void describe(const CallOptions& options, const Context* of, std::string_view print);
    /// Say which server it is for, where that is not the client's.
    void address_to(std::string_view to) { server = arena_.copy(to); }
    /// Forget everything, and keep the memory unless it is much.
    void recycle() noexcept;

    void part(const protocol::Response& part, std::size_t bytes) noexcept override;
    void succeeded(const protocol::Response& response) noexcept override;
    void failed(Failure failure) noexcept override;
    void retried(const Failure& why) noexcept override;

    bool is_nested = false;  // made for a call that a handler answers, as its failure says
    CallSink* sink = nullptr;
    std::shared_ptr<Log> log{};  // of what completions throw; may be null
    std::unique_ptr<endpoint::InterceptedCall> intercepted{};  // null: nobody looks on

    void* sink_memory(std::size_t size_bytes, std::size_t alignment);
    /// Give the outcome to a sink that was made in `sink_memory`, and destroy it then.
    void own(CallSink& owned) noexcept { sink = owned_sink_ = &owned; }

    /// Have a call cancelled when its options' token, or the other one, says so.
    void watch(runtime::ClientCalls& calls, std::stop_token other);
    std::stop_token stop{};

private:
    struct Cancel {
        runtime::ClientCalls* calls;
        PreparedCall* call;
        void operator()() const { calls->cancel(*call); }
    };

    void render(const ErasedCall& call, const Value& named, model::SecretDepth depth,
                std::int64_t unix_seconds, Caller caller);
    [[gnu::cold, gnu::noinline]] void refuse(Failure failure);
    /// Whatever the server says, it is none.
    [[gnu::cold, gnu::noinline]] void fail(Failure failure) noexcept;
    std::vector<FieldError> bind_response(const protocol::Response& response);
    /// in   into: an object of the type; null: none
    std::vector<FieldError> bind(const Type& type, const std::optional<Value>& given, void* into);
    void take_part(const protocol::Response& part, std::size_t bytes);
    void finish(std::string_view message, bool has_response, Failure* failure) noexcept;

    [[gnu::noinline]] void tell_of(const CallAttempt& attempt) noexcept;
    void destroy_sink() noexcept;

    const Type* response_ = nullptr;
    const Type* part_ = nullptr;  // null: it has none
    std::function<void(const Progress&)> on_progress_{};
    std::function<void(const CallAttempt&)> on_attempt_{};
    runtime::ClientCalls* calls_ = nullptr;
    std::shared_ptr<CallCredit> credit_{};  // once a part has come
    bool is_replayed_ = false;
    CallSink* owned_sink_ = nullptr;
    format::Keyring keys_;  // open the response's secrets
    Arena arena_;
    std::optional<std::stop_callback<Cancel>> stop_callback_;
    std::optional<std::stop_callback<Cancel>> other_stop_callback_;
};

/// One to prepare; from here on `PreparedCallDeleter` takes it back.                    thread any
PreparedCallPointer idle_prepared_call();

}  // namespace warren::detail
