#pragma once

#include <warren/error.hpp>

#include <expected>
#include <string>
#include <string_view>

/// Keys of CURVE as people see them: 40 characters of Z85.       [ZeroMQ RFC 26, CURVE; RFC 32,
/// Z85]
namespace warren::transport {

struct CurveKeyPair {
    std::string public_key;
    std::string secret_key;
};

/// Make a pair of random numbers of the system's.
/// err  internal: this ZeroMQ was built without CURVE
std::expected<CurveKeyPair, Failure> make_curve_keys();

bool is_curve_key(std::string_view text);

/// The public key that belongs to a secret one.
/// err  invalid_request: it is no key; it is not shown
std::expected<std::string, Failure> curve_public_key_of(const std::string& secret_key);

}  // namespace warren::transport
