#include "protocol/hmac_sha256.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>
#include <utility>

namespace warren::protocol {
namespace {

struct FreeMac {
    void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};

/// Looked up once per process, and never freed, as OpenSSL's own exit handlers may run first.
EVP_MAC* hmac() noexcept {
    static EVP_MAC* const fetched = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    return fetched;
}

/// out  nullptr when OpenSSL refuses
std::unique_ptr<EVP_MAC_CTX, FreeMac> make_context() noexcept {
    std::unique_ptr<EVP_MAC_CTX, FreeMac> context{hmac() != nullptr ? EVP_MAC_CTX_new(hmac())
                                                                    : nullptr};
    char digest[] = "SHA256";
    const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                OSSL_PARAM_construct_end()};
    if (context && EVP_MAC_CTX_set_params(context.get(), parameters.data()) != 1) {
        context.reset();
    }
    return context;
}

const unsigned char* unsigned_chars(const void* bytes) noexcept {
    return static_cast<const unsigned char*>(bytes);
}

}  // namespace

HmacKey& HmacKey::operator=(HmacKey&& other) noexcept {
    wipe();
    secret_ = std::move(other.secret_);
    return *this;
}

void HmacKey::wipe() noexcept {
    OPENSSL_cleanse(secret_.data(), secret_.size());
}

std::optional<HmacSha256> HmacKey::code(std::span<const std::byte> message) const noexcept {
    // One per thread, so that any thread may authenticate with any key, and none makes its own
    // state for each message.
    static thread_local const auto context = make_context();
    HmacSha256 digest{};
    std::size_t size = 0;
    // The key goes in each time: to start anew without one was not the same in every OpenSSL 3.0.
    if (!context ||
        EVP_MAC_init(context.get(), unsigned_chars(secret_.data()), secret_.size(), nullptr) != 1 ||
        EVP_MAC_update(context.get(), unsigned_chars(message.data()), message.size()) != 1 ||
        EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                      digest.size()) != 1 ||
        size != digest.size()) {
        return std::nullopt;
    }
    return digest;
}

bool same_code(std::span<const std::byte> left, std::span<const std::byte> right) noexcept {
    return left.size() == right.size() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace warren::protocol
