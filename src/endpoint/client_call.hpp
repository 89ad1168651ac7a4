#pragma once

#include <warren/arena.hpp>
#include <warren/client.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "format/fernet.hpp"
#include "runtime/client_calls.hpp"

namespace warren::detail {

/// One call of a `Client`: its rendered arguments on the way out, its response on the way back.
/// Destroys itself when it is over.
class PreparedCall final : public runtime::OutgoingCall {
public:
    /// Take the arguments over; what is wrong with them is kept in `refused`.
    /// in   unix_seconds: now, for tokens
    PreparedCall(const ErasedCall& call, const format::Keyring& keys, std::int64_t unix_seconds);

    void succeeded(const protocol::Answer& answer) noexcept override;
    void failed(Failure failure) noexcept override;

    CallSink* sink = nullptr;
    std::unique_ptr<CallSink> owned_sink{};
    std::shared_ptr<Log> log{};  // of what completions throw; may be null

    /// Have a call given up when its options' token, or the other one, says so.
    void watch(runtime::ClientCalls& calls, std::stop_token other);
    std::stop_token stop{};

private:
    struct GiveUp {
        runtime::ClientCalls* calls;
        PreparedCall* call;
        void operator()() const { calls->give_up(*call); }
    };

    void render(const ErasedCall& call, const format::Keyring& keys, std::int64_t unix_seconds);
    std::vector<FieldError> bind_response(const protocol::Answer& answer);
    void finish(std::string_view message, bool has_response, Failure* failure) noexcept;

    std::string method_text_;
    const Type* response_;
    format::Keyring keys_;  // open the response's secrets
    Arena arena_;
    std::optional<std::stop_callback<GiveUp>> stop_callback_;
    std::optional<std::stop_callback<GiveUp>> other_stop_callback_;
};

}  // namespace warren::detail
