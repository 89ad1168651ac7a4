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

/// Take the parameters of callme out of those that are left. Of other protocols they are unknown.
/// in   address: with its protocol
std::expected<Parameters, Failure> take_callme_parameters(Parameters given, Address& address);
/// What a protocol's own parameters are, for who looks for the right one.
std::span<const std::string_view> callme_parameters() noexcept;

/// Read an address without a broker.
/// in   scheme: one of `direct_schemes`
std::expected<Address, Failure> parse_direct(std::string_view text, std::string_view scheme);

}  // namespace warren::endpoint
