#include "docs/digest.hpp"

#include <warren/error.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <span>

namespace warren::docs {

Sha256 sha256(std::string_view text) {
    Sha256 digest{};
    if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   nullptr, EVP_sha256(), nullptr) != 1) {
        throw Error{Code::internal, "OpenSSL computes no SHA-256"};
    }
    return digest;
}

std::string short_digest(std::string_view text) {
    const Sha256 digest = sha256(text);
    std::string hex;
    for (const std::byte octet : std::span{digest}.first(16)) {
        hex += fmt::format("{:02x}", static_cast<unsigned>(octet));
    }
    return hex;
}

}  // namespace warren::docs
