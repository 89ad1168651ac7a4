#pragma once

#include "transport/net/connect_failure.hpp"
#include "transport/net/dial_target.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace warren::transport {

/// Why a stream broke. A peer that wants another client certificate says so in a TLS alert, with
/// TLS 1.3 only when we read first.
ConnectFailure explain_broken(const boost::system::error_code& error, const DialTarget& target);

/// Why a client's TLS handshake failed.
/// in  verified: what the verification of the peer's certificate came to    [SSL_get_verify_result]
ConnectFailure explain_handshake(const boost::system::error_code& error, long verified,
                                 const DialTarget& target);

/// Why a server does not let in who wanted to shake hands, to follow the peer's address.
/// in  verified: as above
/// out nullopt: the peer went by itself, as one does who only looks whether somebody listens
std::optional<std::string> refused_handshake(const boost::system::error_code& error, long verified);

/// Whether what a server says first is TLS, where plain text was expected: an alert or a handshake
/// record.                                                                       [RFC 8446 5.1]
bool looks_like_tls(std::span<const std::byte> first) noexcept;

}  // namespace warren::transport
