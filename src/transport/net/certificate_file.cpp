#include "transport/net/certificate_file.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace warren::transport {
namespace {

/// A certificate is not encrypted: without this OpenSSL would ask the terminal how to decrypt one.
int no_password(char*, int, int, void*) noexcept {
    return -1;
}

}  // namespace

CertificatePointer first_certificate(const std::string& file) {
    BIO* const input = BIO_new_file(file.c_str(), "r");
    CertificatePointer certificate{
        input != nullptr ? PEM_read_bio_X509(input, nullptr, no_password, nullptr) : nullptr};
    BIO_free(input);
    if (certificate == nullptr) {
        ERR_clear_error();
    }
    return certificate;
}

}  // namespace warren::transport
