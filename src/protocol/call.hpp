#pragma once

#include <warren/error.hpp>
#include <warren/value.hpp>

#include "model/arguments.hpp"
#include "protocol/metadata.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace warren::protocol {

/// A request in the form that every protocol shares. All views belong to the message it came in, or
/// to the arena it was decoded into.
struct Call {
    std::string_view method;
    model::ArgumentStyle style = model::ArgumentStyle::named;
    Value arguments{};
    std::string_view correlation_id{};  // empty: none
    Metadata metadata{};
};

/// The message of a success whose handler did not say another; see `Reply`.
inline constexpr std::string_view message_default = "OK";

/// What a message that answers a call is to it.
enum class ResponseKind : std::uint8_t {
    end,        // the last one
    part,       // of what the call gives; more follows
    progress,   // how far the call is, in the form of `progress_value`; more follows
    heartbeat,  // the call is under way; more follows
};

/// A reply in the form that every protocol shares, as the encoder takes and the decoder gives it.
struct Response {
    std::optional<Code> failure{};  // nullopt: success
    std::string_view message{};
    std::optional<Value> data{};  // nullopt: none, which some protocols tell apart from null
    std::span<const FieldError> errors{};  // of `invalid_request`
    std::optional<std::chrono::milliseconds> retry_after{};
    std::string_view method{};  // of a server's: which was called; empty when that was not read
    ResponseKind kind = ResponseKind::end;  // of protocols with parts; what is no end is only data
    /// Of a part: how many came before it; of an end: how many parts there were. Nullopt: not said.
    std::optional<std::uint64_t> number{};
    bool is_replayed = false;  // of an end: the call was done before, and this is what it gave then
};

}  // namespace warren::protocol
