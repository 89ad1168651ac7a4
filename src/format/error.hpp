#pragma once

#include <warren/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace warren::format {

/// Why bytes did not decode to a `Value`. The types are:
///   json_invalid         no JSON: syntax, an empty text, something after the end, malformed UTF-8
///   key_twice            a key that stands twice in one object
///   text_not_utf8        an escape of half a character, which UTF-8 has no form for
///   int_out_of_range     an integer that fits neither int64 nor uint64; it never becomes a float
///   float_out_of_range   a number whose magnitude no double holds, such as 1e999
///   depth_over_limit     lists and objects nested deeper than `depth_max`
///   count_over_limit     more values than `value_count_max`
struct DecodeError {
    std::size_t offset = 0;  // byte in the input at which decoding stopped
    std::string message{};   // our words, and at most a short, escaped piece of a key or number
    std::string_view type{};

    friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

/// Why a `Value` has no form in a wire format. The types are:
///   float_not_finite     NaN or an infinity
///   key_not_text         a map's key that is neither text nor an integer
///   key_twice            two keys of a map have the same text
///   text_not_utf8        text that some handler built from other bytes
///   depth_over_limit     lists and maps nested deeper than the limit
struct EncodeError {
    std::vector<PathStep> location{};
    std::string message{};
    std::string_view type{};

    friend bool operator==(const EncodeError&, const EncodeError&) = default;
};

/// The failure that a sender of such bytes gets: `invalid_request`, with the error at the request
/// as a whole.
Failure to_failure(const DecodeError& error);

/// The failure for who asked to send such a value: `invalid_request`, with the error's location.
Failure to_failure(const EncodeError& error);

}  // namespace warren::format
