#include "transport/net/tls_context.hpp"

#include "transport/net/secret_file.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
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

// Of TLS 1.2: with a key of the connection's own, so that who gets the certificate's key later
// reads nothing that was recorded before, and with authenticated encryption. TLS 1.3 has no others.
constexpr char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL";

/// What opens an encrypted key. Without it OpenSSL would ask the terminal, and wait there.
struct KeyPassword {
    std::string text;
    bool was_asked = false;

    ~KeyPassword() { OPENSSL_cleanse(text.data(), text.size()); }
};

/// out  its size; -1: there is none, or it is too long
int write_password(char* room, int size, int, void* of) noexcept {
    auto* const password = static_cast<KeyPassword*>(of);
    if (password == nullptr) {
        return -1;
    }
    password->was_asked = true;
    if (password->text.empty() || password->text.size() > key_password_bytes_max ||
        password->text.size() > static_cast<std::size_t>(size)) {
        return -1;
    }
    std::ranges::copy(password->text, room);
    return static_cast<int>(password->text.size());
}

TlsContext new_context(const SSL_METHOD* method) {
    ERR_clear_error();
    TlsContext context{SSL_CTX_new(method)};
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context.get(), ciphers);
    SSL_CTX_set_dh_auto(context.get(), 1);
    SSL_CTX_set_default_passwd_cb(context.get(), write_password);
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

std::unexpected<TlsFault> fault(TlsFile kind, std::string_view what, const std::string& file,
                                std::string_view reason) {
    ERR_clear_error();
    return std::unexpected{
        TlsFault{kind,
                 {.code = Code::invalid_request,
                  .message = fmt::format("The {} '{}' cannot be used: {}", what, file, reason)}}};
}

std::unexpected<TlsFault> unusable(TlsFile kind, std::string_view what, const std::string& file,
                                   std::string_view without) {
    return fault(kind, what, file, reason_for(file, without));
}

constexpr std::string_view no_certificate = "it holds no certificate in PEM";

std::expected<void, TlsFault> use_key(SSL_CTX* context, std::string_view what,
                                      const std::string& file, KeyPassword& password,
                                      std::string_view without) {
    SSL_CTX_set_default_passwd_cb_userdata(context, &password);
    const bool used = SSL_CTX_use_PrivateKey_file(context, file.c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    if (used && SSL_CTX_check_private_key(context) == 1) {
        return {};
    }
    const std::string key = fmt::format("{}'s key", what);
    if (used || !password.was_asked) {
        return unusable(TlsFile::key, key, file, without);
    }
    if (password.text.empty()) {
        return fault(TlsFile::key, key, file,
                     "it is encrypted: give its password with 'key_password', or the password's "
                     "file ('key_password_file' in an address)");
    }
    return fault(
        TlsFile::key_password, key, file,
        password.text.size() > key_password_bytes_max
            ? fmt::format("its password ('key_password') has over {} bytes", key_password_bytes_max)
            : "its password ('key_password') does not decrypt it");
}

/// in  Options: `TlsOptions` or `TlsServerOptions`
template <typename Options>
std::expected<void, TlsFault> use_certificate(SSL_CTX* context, std::string_view what,
                                              const Options& options) {
    const std::string& certificate = options.certificate_file;
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
        return unusable(TlsFile::certificate, what, certificate, no_certificate);
    }
    KeyPassword password{options.key_password};
    if (!options.key_password_file.empty()) {
        auto read = read_secret_file(options.key_password_file);
        if (!read) {
            return fault(TlsFile::key_password, fmt::format("password of the {}'s key", what),
                         options.key_password_file, read.error());
        }
        password.text = std::move(*read);
    }
    if (options.key_file.empty()) {
        return use_key(context, what, certificate, password,
                       "it holds no private key; name the key's file, too, with 'key' "
                       "('keyfile' in a broker's address)");
    }
    return use_key(context, what, options.key_file, password,
                   "it holds no private key in PEM that can be read");
}

std::expected<void, TlsFault> use_client_authorities(SSL_CTX* context,
                                                     const std::string& authorities) {
    if (SSL_CTX_load_verify_file(context, authorities.c_str()) != 1) {
        return unusable(TlsFile::authorities, "file of the clients' certificate authorities",
                        authorities, no_certificate);
    }
    STACK_OF(X509)* const trusted = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(context));
    for (int i = 0; i < sk_X509_num(trusted); ++i) {
        SSL_CTX_add_client_CA(context, sk_X509_value(trusted, i));
    }
    sk_X509_pop_free(trusted, X509_free);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return {};
}

std::expected<void, TlsFault> use_files(SSL_CTX* context, const TlsServerOptions& options) {
    auto used = use_certificate(context, "certificate", options);
    if (used && !options.client_ca_file.empty()) {
        used = use_client_authorities(context, options.client_ca_file);
    }
    return used;
}

std::expected<void, TlsFault> use_files(SSL_CTX* context, const TlsOptions& options) {
    if (!options.ca_file.empty()) {
        if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) != 1) {
            return unusable(TlsFile::authorities, "file of certificate authorities",
                            options.ca_file, no_certificate);
        }
    } else if (options.verify == TlsVerify::peer) {
        SSL_CTX_set_default_verify_paths(context);
    }
    return options.certificate_file.empty()
               ? std::expected<void, TlsFault>{}
               : use_certificate(context, "client certificate", options);
}

/// in  Options: `TlsOptions` or `TlsServerOptions`
template <typename Options>
std::optional<TlsFault> fault_of(const SSL_METHOD* method, const Options& options) {
    const TlsContext context = new_context(method);
    auto used = use_files(context.get(), options);
    return used ? std::nullopt : std::optional{std::move(used.error())};
}

}  // namespace

std::expected<TlsContext, Failure> make_tls_context(const TlsOptions& options) {
    TlsContext context = new_context(TLS_client_method());
    if (auto used = use_files(context.get(), options); !used) {
        return std::unexpected{std::move(used.error().failure)};
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
    return fault_of(TLS_server_method(), options);
}

std::optional<TlsFault> find_tls_fault(const TlsOptions& options) {
    return fault_of(TLS_client_method(), options);
}

}  // namespace warren::transport
