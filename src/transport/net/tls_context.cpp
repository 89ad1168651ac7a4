#include "transport/net/tls_context.hpp"

#include <fmt/format.h>

#include <string_view>

namespace warren::transport {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Failure unusable(std::string_view what, const std::string& file, const error_code& error) {
    return {.code = Code::invalid_request,
            .message = fmt::format("The {} '{}' cannot be used: {}", what, file, error.message())};
}

}  // namespace

std::expected<std::unique_ptr<ssl::context>, Failure> make_tls_context(const TlsOptions& options) {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    error_code error;
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    // A peer that just closes the connection ends it like any other; protocols know their own end.
    SSL_CTX_set_options(context->native_handle(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (options.ca_file.empty()) {
        context->set_default_verify_paths(error);
    } else {
        context->load_verify_file(options.ca_file, error);
    }
    if (error) {
        return std::unexpected{unusable("file of certificate authorities",
                                        options.ca_file.empty() ? "of the system" : options.ca_file,
                                        error)};
    }
    if (!options.certificate_file.empty()) {
        context->use_certificate_chain_file(options.certificate_file, error);
        if (error) {
            return std::unexpected{unusable("client certificate", options.certificate_file, error)};
        }
        const std::string& key_file =
            options.key_file.empty() ? options.certificate_file : options.key_file;
        context->use_private_key_file(key_file, ssl::context::pem, error);
        if (error) {
            return std::unexpected{unusable("client certificate's key", key_file, error)};
        }
    }
    return context;
}

}  // namespace warren::transport
