#pragma once

#include <warren/error.hpp>

#include <expected>
#include <string>

namespace warren::transport {

/// The common name of a certificate's subject: as whom a broker knows who logs in with it, when it
/// goes by that.                                  [RabbitMQ, ssl_cert_login_from = common_name]
/// in   file: PEM
/// err  invalid_request: the file cannot be read, or its certificate has no such name
std::expected<std::string, Failure> certificate_common_name(const std::string& file);

}  // namespace warren::transport
