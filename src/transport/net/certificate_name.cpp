#include "transport/net/certificate_name.hpp"

#include "transport/net/certificate_file.hpp"

#include <fmt/format.h>

#include <memory>

namespace warren::transport {
namespace {

std::unexpected<Failure> unknown(const std::string& file) {
    return std::unexpected{
        Failure{.code = Code::invalid_request,
                .message = fmt::format("The certificate '{}' does not say the user's name (its "
                                       "common name): say amqp_user in the address",
                                       file)}};
}

struct OctetsDeleter {
    void operator()(unsigned char* octets) const noexcept { OPENSSL_free(octets); }
};

}  // namespace

std::expected<std::string, Failure> certificate_common_name(const std::string& file) {
    const CertificatePointer certificate = first_certificate(file);
    if (!certificate) {
        return unknown(file);
    }
    const X509_NAME* const subject = X509_get_subject_name(certificate.get());
    const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (index < 0) {
        return unknown(file);
    }
    unsigned char* text = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
    const std::unique_ptr<unsigned char, OctetsDeleter> owned{text};
    if (size <= 0) {
        return unknown(file);
    }
    return std::string{reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}

}  // namespace warren::transport
