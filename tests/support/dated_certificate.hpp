#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

namespace warren::test {

/// Write a certificate that signs itself, and its key, into one file.
/// in  begin, end: of its time, from now
inline void write_dated_certificate(const std::string& file, std::chrono::seconds begin,
                                    std::chrono::seconds end) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free};
    const std::unique_ptr<X509, decltype(&X509_free)> certificate{X509_new(), X509_free};
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), begin.count());
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), end.count());
    X509_set_pubkey(certificate.get(), key.get());
    ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
    const std::unique_ptr<std::FILE, decltype(&std::fclose)> out{std::fopen(file.c_str(), "w"),
                                                                 std::fclose};
    ASSERT_EQ(PEM_write_X509(out.get(), certificate.get()), 1);
    ASSERT_EQ(PEM_write_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
}

}  // namespace warren::test
