#include "transport/net/certificate_name.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace warren::transport {
namespace {

std::unexpected<Failure> unknown(const std::string& file) {
    ERR_clear_error();
    return std::unexpected{
        Failure{.code = Code::invalid_request,
                .message = fmt::format("The certificate '{}' does not say the user's name (its "
                                       "common name): say amqp_user in the address",
                                       file)}};
}

template <auto Free>
struct Freeing {
    template <typename T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};

void free_octets(unsigned char* octets) noexcept {
    OPENSSL_free(octets);
}

}  // namespace

std::expected<std::string, Failure> certificate_common_name(const std::string& file) {
    const std::unique_ptr<BIO, Freeing<BIO_free_all>> input{BIO_new_file(file.c_str(), "r")};
    const std::unique_ptr<X509, Freeing<X509_free>> certificate{
        input ? PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr) : nullptr};
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
    const std::unique_ptr<unsigned char, Freeing<free_octets>> owned{text};
    if (size <= 0) {
        return unknown(file);
    }
    return std::string{reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}

}  // namespace warren::transport
