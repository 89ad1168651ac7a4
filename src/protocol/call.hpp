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

/// A reply in the form that every protocol shares, as the encoder takes and the decoder gives it.
struct Response {
    std::optional<Code> failure{};  // nullopt: success
    std::string_view message{};
    std::optional<Value> data{};  // nullopt: none, which some protocols tell apart from null
    std::span<const FieldError> errors{};  // of `invalid_request`
    std::optional<std::chrono::milliseconds> retry_after{};
    std::string_view method{};  // of a server's: which was called; empty when that was not read
    bool is_part = false;       // more follows: of protocols with parts, and with nothing but data
};

}  // namespace warren::protocol
