#include "transport/net/certificate_validity.hpp"

#include "transport/net/certificate_file.hpp"

#include <fmt/format.h>

#include <ctime>

namespace warren::transport {
namespace {

std::string text_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return "an unknown time";
    }
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::optional<std::string> find_validity_fault(const std::string& file) {
    const CertificatePointer certificate = first_certificate(file);
    if (certificate == nullptr) {
        return std::nullopt;
    }
    const ASN1_TIME* const begin = X509_get0_notBefore(certificate.get());
    const ASN1_TIME* const end = X509_get0_notAfter(certificate.get());
    if (X509_cmp_current_time(end) < 0) {
        return fmt::format(
            "The certificate '{}' has expired ({}): peers that verify it refuse to "
            "connect; renew it",
            file, text_of(end));
    }
    if (X509_cmp_current_time(begin) > 0) {
        return fmt::format(
            "The certificate '{}' is not valid yet (before {}): peers that verify "
            "it refuse to connect; is the clock right?",
            file, text_of(begin));
    }
    return std::nullopt;
}

}  // namespace warren::transport
