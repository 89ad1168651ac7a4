#pragma once

#include <warren/error.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

/// Keys of CURVE as people see them: 40 characters of Z85.  [ZeroMQ RFC 26, CURVE; RFC 32, Z85]
namespace warren::transport {

inline constexpr std::size_t curve_key_bytes = 32;

struct CurveKeyPair {
    std::string public_key;
    std::string secret_key;
};

/// Make a pair of random numbers of the system's.
/// err  internal: this ZeroMQ was built without CURVE
std::expected<CurveKeyPair, Failure> make_curve_keys();

bool is_curve_key(std::string_view text);

}  // namespace warren::transport
