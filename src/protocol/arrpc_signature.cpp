#include "protocol/arrpc_signature.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <string>

namespace warren::protocol {
namespace {

struct FreeMac {
    void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};

/// Looked up once per process, and never freed, as OpenSSL's own exit handlers may run first.
EVP_MAC* hmac() {
    static EVP_MAC* const fetched = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    return fetched;
}

}  // namespace

struct ArrpcSignature::Context {
    explicit Context(std::string_view given)
        : secret{given}, mac{hmac() != nullptr ? EVP_MAC_CTX_new(hmac()) : nullptr} {
        char digest[] = "SHA256";
        const std::array parameters{
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
            OSSL_PARAM_construct_end()};
        usable = mac && EVP_MAC_CTX_set_params(mac.get(), parameters.data()) == 1;
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { OPENSSL_cleanse(secret.data(), secret.size()); }

    const unsigned char* key() const noexcept {
        return reinterpret_cast<const unsigned char*>(secret.data());
    }

    std::string secret;
    std::unique_ptr<EVP_MAC_CTX, FreeMac> mac;
    bool usable = false;
};

ArrpcSignature::ArrpcSignature(std::string_view secret)
    : context_{std::make_unique<Context>(secret)} {}

ArrpcSignature::~ArrpcSignature() = default;
ArrpcSignature::ArrpcSignature(ArrpcSignature&&) noexcept = default;
ArrpcSignature& ArrpcSignature::operator=(ArrpcSignature&&) noexcept = default;

std::optional<std::array<char, ArrpcSignature::hex_bytes>> ArrpcSignature::sign(
    std::span<const std::byte> packed) const {
    std::array<unsigned char, hex_bytes / 2> digest{};
    std::size_t size = 0;
    EVP_MAC_CTX* const mac = context_->mac.get();
    // The key goes in each time: to start anew without one was not the same in every OpenSSL 3.0.
    if (!context_->usable ||
        EVP_MAC_init(mac, context_->key(), context_->secret.size(), nullptr) != 1 ||
        EVP_MAC_update(mac, reinterpret_cast<const unsigned char*>(packed.data()), packed.size()) !=
            1 ||
        EVP_MAC_final(mac, digest.data(), &size, digest.size()) != 1 || size != digest.size()) {
        return std::nullopt;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, hex_bytes> hex{};
    for (std::size_t at = 0; at != digest.size(); ++at) {
        hex[2 * at] = digits[digest[at] >> 4];
        hex[2 * at + 1] = digits[digest[at] & 0x0fU];
    }
    return hex;
}

bool ArrpcSignature::verify(std::string_view hex, std::span<const std::byte> packed) const {
    const auto expected = sign(packed);
    return expected && hex.size() == expected->size() &&
           CRYPTO_memcmp(hex.data(), expected->data(), expected->size()) == 0;
}

}  // namespace warren::protocol
