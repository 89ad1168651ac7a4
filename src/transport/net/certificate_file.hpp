#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

namespace warren::transport {

struct CertificateDeleter {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using CertificatePointer = std::unique_ptr<X509, CertificateDeleter>;

/// The first certificate of a file in PEM; null when there is none that can be read.
CertificatePointer first_certificate(const std::string& file);

}  // namespace warren::transport
