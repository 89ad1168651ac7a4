#include "transport/net/certificate_file.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace warren::transport {

CertificatePointer first_certificate(const std::string& file) {
    BIO* const input = BIO_new_file(file.c_str(), "r");
    CertificatePointer certificate{
        input != nullptr ? PEM_read_bio_X509(input, nullptr, nullptr, nullptr) : nullptr};
    BIO_free(input);
    if (certificate == nullptr) {
        ERR_clear_error();
    }
    return certificate;
}

}  // namespace warren::transport
