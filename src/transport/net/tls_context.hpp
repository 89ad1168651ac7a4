#pragma once

#include <warren/error.hpp>

#include "transport/net/tls_options.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>

namespace warren::transport {

struct TlsContextDeleter {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
/// Streams that were made from it keep what they need of it.
using TlsContext = std::unique_ptr<SSL_CTX, TlsContextDeleter>;

/// TLS 1.2 or newer for a client, with keys that are agreed on for each connection alone. No key's
/// password is ever asked of a terminal. The files are read each time, so that certificates may be
/// replaced while the program runs.
/// err  invalid_request: a file that cannot be read or holds something else, by name; an encrypted
///      key without its password
std::expected<TlsContext, Failure> make_tls_context(const TlsOptions& options);

/// TLS 1.2 or newer for a server, whose clients may resume their sessions.
/// err  invalid_request: a file that cannot be read or holds something else, by name; a key that
///      does not belong to the certificate
std::expected<TlsContext, Failure> make_tls_context(const TlsServerOptions& options);

enum class TlsFile : std::uint8_t { certificate, key, key_password, authorities };

struct TlsFault {
    TlsFile file;
    Failure failure;  // as of `make_tls_context`
};

/// The first of a side's files that cannot be used.
std::optional<TlsFault> find_tls_fault(const TlsOptions& options);
std::optional<TlsFault> find_tls_fault(const TlsServerOptions& options);

}  // namespace warren::transport
