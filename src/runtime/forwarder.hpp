#pragma once

#include <warren/error.hpp>
#include <warren/value.hpp>

#include "model/arguments.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>

namespace warren::runtime {

/// A call that goes on to another server as it came: nothing of it was bound, checked or decrypted.
/// All views are valid until `Forwarder::forward` returns.
struct ForwardedCall {
    std::string_view method;
    model::ArgumentStyle style = model::ArgumentStyle::named;
    Value arguments{};
    std::optional<std::chrono::milliseconds> time_left{};  // nullopt: the caller named no deadline
    std::string_view idempotency_key{};                    // empty: none
    std::string_view traceparent{};                        // W3C Trace Context; empty: none
    std::uint32_t attempt = 1;
    bool wants_answer = true;  // false: one-way; its outcome is logged and counted only
    /// Nobody waits for the outcome any more: the call may be given up.
    std::stop_token stop{};
    /// The call may be given up as long as it has not been sent.
    std::stop_token stop_unsent{};
};

/// What the other side answered. All views are valid while the completion runs.
struct ForwardedReply {
    std::string_view message{};
    std::optional<Value> data{};  // nullopt: none, which some dialects tell apart from null
};

/// Takes the outcome of a forwarded call; a failure of the other side as it is.
/// thread any
using ForwardCompletion =
    std::move_only_function<void(std::expected<ForwardedReply, Failure> outcome)>;

/// Takes calls on to another server, in whatever way.
class Forwarder {
public:
    virtual ~Forwarder() = default;

    /// Take a call on. It must not block: this is a listener's I/O thread.
    /// in   completion: to be called exactly once, on any thread, also inside of this; within
    ///      `time_left` where that is there. When it is destroyed instead, the call fails.
    virtual void forward(const ForwardedCall& call, ForwardCompletion completion) = 0;
};

}  // namespace warren::runtime
