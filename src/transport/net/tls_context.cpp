#include "transport/net/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace warren::transport {
namespace {

// What a server's sessions belong to: one that was made for something else is not resumed.
constexpr std::string_view session_context = "warren";

/// What is wrong with a file, in OpenSSL's words or the system's.
Failure unusable(std::string_view what, const std::string& file) {
    std::string reason;
    if (std::ifstream readable{file}; !file.empty() && !readable) {
        reason = std::generic_category().message(errno);
    } else if (const unsigned long error = ERR_peek_last_error(); error != 0) {
        const char* const text = ERR_reason_error_string(error);
        reason = text != nullptr ? text : "it cannot be read";
    }
    ERR_clear_error();
    return {.code = Code::invalid_request,
            .message = fmt::format("The {} '{}' cannot be used: {}", what, file, reason)};
}

std::expected<void, Failure> use_certificate(SSL_CTX* context, std::string_view what,
                                             const std::string& certificate_file,
                                             const std::string& key_file) {
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        return std::unexpected{unusable(what, certificate_file)};
    }
    const std::string& key = key_file.empty() ? certificate_file : key_file;
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return std::unexpected{unusable(fmt::format("{}'s key", what), key)};
    }
    return {};
}

TlsContext new_context(const SSL_METHOD* method) {
    ERR_clear_error();
    TlsContext context{SSL_CTX_new(method)};
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    // A peer that just closes the connection ends it like any other: the protocols over it know
    // whether something is missing.
    SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_NO_COMPRESSION);
    // An idle connection keeps no buffers; a busy one reads all that there is.
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context.get(), 1);
    return context;
}

}  // namespace

std::expected<TlsContext, Failure> make_tls_context(const TlsOptions& options) {
    TlsContext context = new_context(TLS_client_method());
    if (!options.ca_file.empty()) {
        if (SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()) != 1) {
            return std::unexpected{unusable("file of certificate authorities", options.ca_file)};
        }
    } else if (options.verify == TlsVerify::peer) {
        SSL_CTX_set_default_verify_paths(context.get());
    }
    if (!options.certificate_file.empty()) {
        if (auto used = use_certificate(context.get(), "client certificate",
                                        options.certificate_file, options.key_file);
            !used) {
            return std::unexpected{std::move(used.error())};
        }
    }
    SSL_CTX_set_verify(context.get(),
                       options.verify == TlsVerify::peer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       nullptr);
    return context;
}

std::expected<TlsContext, Failure> make_tls_context(const TlsServerOptions& options) {
    TlsContext context = new_context(TLS_server_method());
    if (auto used = use_certificate(context.get(), "certificate", options.certificate_file,
                                    options.key_file);
        !used) {
        return std::unexpected{std::move(used.error())};
    }
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_id_context(context.get(),
                                   reinterpret_cast<const unsigned char*>(session_context.data()),
                                   session_context.size());
    if (options.client_ca_file.empty()) {
        return context;
    }
    const std::string& authorities = options.client_ca_file;
    STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(authorities.c_str());
    if (names == nullptr || SSL_CTX_load_verify_file(context.get(), authorities.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return std::unexpected{
            unusable("file of the clients' certificate authorities", authorities)};
    }
    SSL_CTX_set_client_CA_list(context.get(), names);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return context;
}

}  // namespace warren::transport
