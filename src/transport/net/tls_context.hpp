#pragma once

#include <warren/error.hpp>

#include "transport/net/tls_options.hpp"

#include <boost/asio/ssl/context.hpp>

#include <expected>
#include <memory>

namespace warren::transport {

/// TLS 1.2 or newer for a client. The files are read each time, so that certificates may be
/// replaced while the program runs.
/// err  invalid_request: a file that cannot be read or holds something else, by name
std::expected<std::unique_ptr<boost::asio::ssl::context>, Failure> make_tls_context(
    const TlsOptions& options);

}  // namespace warren::transport
