#pragma once

#include <warren/error.hpp>

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/uri.hpp"
#include "endpoint/address.hpp"

// What the readers of the kinds of addresses share.
namespace warren::endpoint {

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::unexpected<Failure> refused(std::string message);
/// "Unknown <what> '<given>'; known are: ..."
std::unexpected<Failure> unknown(std::string_view what, std::string_view given,
                                 std::span<const std::string_view> known);

inline constexpr std::string_view direct_schemes[] = {"tcp", "tls", "arrpc", "arrpcs"};

/// Read an address without a broker.
/// in   scheme: one of `direct_schemes`
std::expected<Address, Failure> parse_direct(std::string_view text, std::string_view scheme);

}  // namespace warren::endpoint
