#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace warren::transport {

enum class TlsVerify : std::uint8_t {
    peer,  // the certificate's chain and its host name
    none,
};

/// Of the password of an encrypted key: as many as OpenSSL takes.
inline constexpr std::size_t key_password_bytes_max = 1024;

/// How a client secures a connection. The version is TLS 1.2 at least.
struct TlsOptions {
    std::string ca_file{};            // PEM; empty: the system's authorities
    std::string certificate_file{};   // PEM, with its chain; empty: no client certificate
    std::string key_file{};           // PEM; empty: in the certificate's file
    std::string key_password{};       // of an encrypted key
    std::string key_password_file{};  // instead of `key_password`: read whenever the key is
    TlsVerify verify = TlsVerify::peer;
    /// The name that is sent (SNI) and checked; unset: the address's host; empty: none is sent.
    std::optional<std::string> server_name{};
};

/// How a server secures its connections. The version is TLS 1.2 at least.
struct TlsServerOptions {
    std::string certificate_file{};   // PEM, with its chain
    std::string key_file{};           // PEM; empty: in the certificate's file
    std::string client_ca_file{};     // PEM: who must have signed each client's; empty: none needed
    std::string key_password{};       // of an encrypted key
    std::string key_password_file{};  // instead of `key_password`: read whenever the key is
};

}  // namespace warren::transport
