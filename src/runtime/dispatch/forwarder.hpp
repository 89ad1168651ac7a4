#pragma once

#include <warren/error.hpp>
#include <warren/value.hpp>

#include "model/arguments.hpp"
#include "protocol/call.hpp"
#include "runtime/dispatch/parts_flow.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

namespace warren::runtime {

/// A call that is forwarded to another server as it came: nothing of it was bound, checked or
/// decrypted. All views are valid until `Forwarder::forward` returns.
struct ForwardedCall {
    std::string_view method;
    model::ArgumentStyle style = model::ArgumentStyle::named;
    Value arguments{};
    protocol::Metadata metadata{};
    bool wants_response = true;  // false: one-way; its outcome is logged and counted only
    bool runs_anyway = false;    // `stop` is for what has begun where it is forwarded to
    /// How the caller takes parts; null: it takes none.
    std::shared_ptr<PartsFlow> parts{};
    /// Nobody waits for the outcome any more: the call may be cancelled.
    std::stop_token stop{};
    /// The call may be cancelled as long as it has not been sent.
    std::stop_token stop_unsent{};
};

/// What the other side answered. All views are valid while the completion runs.
struct ForwardedResponse {
    std::string_view message{};
    std::optional<Value> data{};  // nullopt: none, which some protocols tell apart from null
};

/// Takes what becomes of a forwarded call: parts of its response, then its outcome; a failure of
/// the other side as it is. Destroyed without an outcome, the call fails.
/// thread any, one at a time
class ForwardSink {
public:
    virtual ~ForwardSink() = default;
    /// in   kind: no end
    virtual void part(protocol::ResponseKind /*kind*/, const Value& /*data*/) noexcept {}
    virtual void end(std::expected<ForwardedResponse, Failure> outcome) noexcept = 0;
};

/// Forwards calls to another server, in whatever way.
class Forwarder {
public:
    virtual ~Forwarder() = default;

    /// Take a call on. It must not block: this is a listener's I/O thread.
    /// in   response: to be ended exactly once, on any thread, also inside of this; within
    ///      the call's time where it has one
    virtual void forward(const ForwardedCall& call, std::unique_ptr<ForwardSink> response) = 0;
};

}  // namespace warren::runtime
