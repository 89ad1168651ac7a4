#include "transport/net/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

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

/// What is wrong with a file, in our words, OpenSSL's or the system's.
/// in   without: what to say when nothing in it has the form of what it should hold
std::string reason_for(const std::string& file, std::string_view without) {
    if (std::ifstream readable{file}; !file.empty() && !readable) {
        return std::generic_category().message(errno);
    }
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == ERR_R_PEM_LIB || reason == PEM_R_NO_START_LINE) {
        return std::string{without};
    }
    const char* const text = ERR_reason_error_string(ERR_peek_last_error());
    return text != nullptr ? text : "it cannot be read";
}

std::unexpected<TlsFault> unusable(TlsFile kind, std::string_view what, const std::string& file,
                                   std::string_view without) {
    std::string message =
        fmt::format("The {} '{}' cannot be used: {}", what, file, reason_for(file, without));
    ERR_clear_error();
    return std::unexpected{
        TlsFault{kind, {.code = Code::invalid_request, .message = std::move(message)}}};
}

constexpr std::string_view no_certificate = "it holds no certificate in PEM";

std::expected<void, TlsFault> use_certificate(SSL_CTX* context, std::string_view what,
                                              const std::string& certificate_file,
                                              const std::string& key_file) {
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        return unusable(TlsFile::certificate, what, certificate_file, no_certificate);
    }
    const std::string& key = key_file.empty() ? certificate_file : key_file;
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return unusable(TlsFile::key, fmt::format("{}'s key", what), key,
                        key_file.empty()
                            ? "it holds no private key; name the key's file, too, with 'key' "
                              "('keyfile' in a broker's address)"
                            : "it holds no private key in PEM that can be read");
    }
    return {};
}

std::expected<void, TlsFault> use_client_authorities(SSL_CTX* context,
                                                     const std::string& authorities) {
    STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(authorities.c_str());
    if (names == nullptr || SSL_CTX_load_verify_file(context, authorities.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return unusable(TlsFile::authorities, "file of the clients' certificate authorities",
                        authorities, no_certificate);
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return {};
}

std::expected<void, TlsFault> use_files(SSL_CTX* context, const TlsServerOptions& options) {
    auto used = use_certificate(context, "certificate", options.certificate_file, options.key_file);
    if (used && !options.client_ca_file.empty()) {
        used = use_client_authorities(context, options.client_ca_file);
    }
    return used;
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
            return std::unexpected{unusable(TlsFile::authorities, "file of certificate authorities",
                                            options.ca_file, no_certificate)
                                       .error()
                                       .failure};
        }
    } else if (options.verify == TlsVerify::peer) {
        SSL_CTX_set_default_verify_paths(context.get());
    }
    if (!options.certificate_file.empty()) {
        if (auto used = use_certificate(context.get(), "client certificate",
                                        options.certificate_file, options.key_file);
            !used) {
            return std::unexpected{std::move(used.error().failure)};
        }
    }
    SSL_CTX_set_verify(context.get(),
                       options.verify == TlsVerify::peer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       nullptr);
    return context;
}

std::expected<TlsContext, Failure> make_tls_context(const TlsServerOptions& options) {
    TlsContext context = new_context(TLS_server_method());
    if (auto used = use_files(context.get(), options); !used) {
        return std::unexpected{std::move(used.error().failure)};
    }
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_id_context(context.get(),
                                   reinterpret_cast<const unsigned char*>(session_context.data()),
                                   session_context.size());
    return context;
}

std::optional<TlsFault> find_tls_fault(const TlsServerOptions& options) {
    const TlsContext context = new_context(TLS_server_method());
    auto used = use_files(context.get(), options);
    return used ? std::nullopt : std::optional{std::move(used.error())};
}

}  // namespace warren::transport
