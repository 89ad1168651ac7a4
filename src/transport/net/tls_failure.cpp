#include "transport/net/tls_failure.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string>
#include <utility>

namespace warren::transport {
namespace {

using boost::system::error_code;

bool is_tls(const error_code& error) noexcept {
    return error.category() == boost::asio::error::get_ssl_category();
}

ConnectFailure permanent(Code code, std::string message) {
    return {{.code = code, .message = std::move(message)}, RetryClass::permanent};
}

ConnectFailure passing_failure(std::string message) {
    return {{.code = Code::connection_lost, .message = std::move(message)}, RetryClass::passing};
}

std::string why_untrusted(long verified, const DialTarget& target) {
    const std::string& asked =
        target.tls && target.tls->server_name && !target.tls->server_name->empty()
            ? *target.tls->server_name
            : target.host;
    switch (verified) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return fmt::format(
            "it is not for this host name, '{}'; connect by a name that the "
            "certificate bears",
            asked);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return fmt::format("{}; name the authority that signed it with '{}'",
                           X509_verify_cert_error_string(verified), target.ca_option);
    default:
        return fmt::format("{}", X509_verify_cert_error_string(verified));
    }
}

/// Some peers say no more than that the handshake failed when a certificate is missing.
std::string refused_certificate(const error_code& error, int alert, const DialTarget& target) {
    const bool has_certificate = target.tls && !target.tls->certificate_file.empty();
    if (has_certificate) {
        return fmt::format("The {} at {} refuses our certificate ({}): {}", target.peer,
                           target.display, target.certificate_option, error.message());
    }
    return fmt::format("The {} at {} {} a client certificate ({}): give one with '{}' and '{}'",
                       target.peer, target.display,
                       alert == SSL_AD_HANDSHAKE_FAILURE ? "refuses us and may demand" : "demands",
                       error.message(), target.certificate_option, target.key_option);
}

}  // namespace

ConnectFailure explain_broken(const error_code& error, const DialTarget& target) {
    const bool tls = is_tls(error);
    // What follows TLS alerts in OpenSSL's reasons: the peer does not accept our certificate.
    const int alert = tls ? ERR_GET_REASON(error.value()) - SSL_AD_REASON_OFFSET : 0;
    switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
        return permanent(Code::unauthenticated, refused_certificate(error, alert, target));
    default:
        break;
    }
    if (error == boost::asio::error::eof) {
        return passing_failure(
            fmt::format("The {} at {} closed the connection", target.peer, target.display));
    }
    return passing_failure(fmt::format("The connection to {} broke{}: {}", target.display,
                                       tls ? " in TLS" : "", error.message()));
}

ConnectFailure explain_handshake(const error_code& error, long verified, const DialTarget& target) {
    if (error == boost::asio::error::eof) {
        return passing_failure(
            fmt::format("The {} at {} closed the connection while TLS was established; "
                        "does it speak TLS there?",
                        target.peer, target.display));
    }
    switch (is_tls(error) ? ERR_GET_REASON(error.value()) : 0) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return permanent(Code::unauthenticated,
                         fmt::format("The certificate of {} is not to be trusted: {}",
                                     target.display, why_untrusted(verified, target)));
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_UNEXPECTED_MESSAGE:
        return permanent(Code::connection_lost,
                         fmt::format("What is at {} does not speak TLS ({}): connect without TLS, "
                                     "or to the port that has it",
                                     target.display, error.message()));
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return permanent(Code::connection_lost,
                         fmt::format("The {} at {} does not speak TLS 1.2 or newer ({})",
                                     target.peer, target.display, error.message()));
    default:
        return explain_broken(error, target);
    }
}

std::optional<std::string> refused_handshake(const error_code& error, long verified) {
    const int reason = is_tls(error) ? ERR_GET_REASON(error.value()) : 0;
    switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return "it has no client certificate (client_ca)";
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
        return fmt::format("its certificate is not to be trusted: {} (client_ca)",
                           X509_verify_cert_error_string(verified));
    case SSL_R_HTTP_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_UNEXPECTED_MESSAGE:
        return fmt::format("it does not speak TLS ({})", error.message());
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_SHARED_CIPHER:
        return fmt::format("it offers no version or cipher of TLS that this server takes ({})",
                           error.message());
    default:
        break;
    }
    if (reason > SSL_AD_REASON_OFFSET) {
        return fmt::format("it ends the handshake; does it trust this server's certificate? ({})",
                           error.message());
    }
    return is_tls(error) ? std::optional{fmt::format("TLS fails: {}", error.message())}
                         : std::nullopt;
}

bool looks_like_tls(std::span<const std::byte> first) noexcept {
    constexpr std::byte alert{21};
    constexpr std::byte handshake{22};
    return first.size() >= 3 && (first[0] == alert || first[0] == handshake) &&
           first[1] == std::byte{3} && first[2] <= std::byte{4};
}

}  // namespace warren::transport
