#include "protocol/pyzmqrpc_text.hpp"

#include "core/base64.hpp"
#include "protocol/pyzmqrpc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace warren::protocol {
namespace {

// What one message has needed more than this for is given back before the next.
constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;

std::unexpected<Failure> not_opened(std::string_view why, std::string type) {
    return std::unexpected{
        pyzmqrpc_undecodable("Could not decode/unzip the contents", why, std::move(type))};
}

bool is_base64_digit(char digit) noexcept {
    return (digit >= 'A' && digit <= 'Z') || (digit >= 'a' && digit <= 'z') ||
           (digit >= '0' && digit <= '9') || digit == '+' || digit == '/';
}

/// Whether nothing of a text is base64, so that no more is to be said.
bool is_other_text(std::string_view text) noexcept {
    return std::ranges::none_of(text, is_base64_digit);
}

/// Python discards characters that are not of the alphabet, and this does not.
std::unexpected<Failure> not_base64(std::string_view text, const core::Base64Error& error) {
    const std::string why = is_other_text(text) ? std::string{}
                                                : fmt::format("invalid base64 at character {}: {}",
                                                              error.offset, error.reason);
    return not_opened(why, "base64_invalid");
}

std::unexpected<Failure> not_inflated(format::InflateError error, const core::Limits& limits) {
    using enum format::InflateError;
    switch (error) {
    case malformed:
    case cut_short:  // Python says no more either
        return not_opened({}, "zlib_invalid");
    case trailing:
        return not_opened(format::message_of(error), "zlib_invalid");
    case over_limit:
        return not_opened(
            fmt::format("it inflates to more than {} bytes, and no more are taken (body_bytes_max)",
                        limits.body_bytes_max),
            std::string{pyzmqrpc_too_long});
    }
    std::unreachable();
}

void forget_if_big(std::string& scratch) {
    if (scratch.capacity() > kept_bytes_max) {
        scratch = {};
    }
}

}  // namespace

bool is_pyzmqrpc_text(std::span<const std::byte> message) noexcept {
    const std::string_view text{reinterpret_cast<const char*>(message.data()), message.size()};
    // The first bytes of zlib's streams, by level of compression.                    [RFC 1950]
    constexpr std::string_view beginnings = "AFJN";
    const bool is_zlib = text.size() > 2 && text[0] == 'e' && beginnings.contains(text[1]) &&
                         std::ranges::all_of(text.substr(0, text.find('=')), is_base64_digit);
    return is_zlib || text == pyzmqrpc_heartbeat;
}

Failure pyzmqrpc_undecodable(std::string_view what, std::string_view why, std::string type) {
    const std::string text{why.empty() ? what : why};
    Failure failure{.code = Code::invalid_request,
                    .message = fmt::format("{}{}{}{}", pyzmqrpc_undecodable_prefix, what,
                                           why.empty() ? "" : ": ", why)};
    failure.errors.push_back({.message = text, .type = std::move(type)});
    return failure;
}

std::expected<std::string_view, Failure> PyzmqrpcTextReader::read(std::string_view text,
                                                                  const core::Limits& limits) {
    if (text.size() > limits.body_bytes_max) {
        return not_opened(fmt::format("it has {} bytes; at most {} are taken (body_bytes_max)",
                                      text.size(), limits.body_bytes_max),
                          std::string{pyzmqrpc_too_long});
    }
    forget_if_big(packed_);
    packed_.resize(core::base64_decoded_size_max(text.size()));
    const auto octets = std::as_writable_bytes(std::span{packed_});
    const auto size = core::base64_decode_to(text, octets);
    if (!size) {
        return not_base64(text, size.error());
    }
    const auto json = inflater_.inflate(octets.first(*size), limits.body_bytes_max);
    if (!json) {
        return not_inflated(json.error(), limits);
    }
    return *json;
}

void PyzmqrpcTextWriter::append(std::string& out, std::string_view json) {
    forget_if_big(packed_);
    packed_.clear();
    deflater_.append(packed_, json);
    core::base64_append(out, std::as_bytes(std::span{packed_}));
}

}  // namespace warren::protocol
