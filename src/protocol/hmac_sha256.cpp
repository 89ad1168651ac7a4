#include "protocol/hmac_sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace warren::protocol {
namespace {

constexpr std::size_t block_bytes = 64;  // of SHA-256

/// Looked up once per process, and never freed, as OpenSSL's own exit handlers may run first.
const EVP_MD* sha256() noexcept {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return fetched;
}

unsigned char* unsigned_chars(HmacSha256& code) noexcept {
    return reinterpret_cast<unsigned char*>(code.data());
}

}  // namespace

void HmacKey::Free::operator()(EVP_MD_CTX* context) const noexcept {
    EVP_MD_CTX_free(context);
}

HmacKey::Digest HmacKey::make_digest() noexcept {
    return Digest{EVP_MD_CTX_new()};
}

/// out  a digest that has taken the block, each byte with the pad; null when OpenSSL refuses
HmacKey::Digest HmacKey::begin(std::span<const unsigned char> block, unsigned char pad) noexcept {
    std::array<unsigned char, block_bytes> padded;
    std::ranges::transform(block, padded.begin(), [pad](unsigned char octet) {
        return static_cast<unsigned char>(octet ^ pad);
    });
    Digest digest = make_digest();
    if (sha256() == nullptr || !digest || EVP_DigestInit_ex(digest.get(), sha256(), nullptr) != 1 ||
        EVP_DigestUpdate(digest.get(), padded.data(), padded.size()) != 1) {
        digest.reset();
    }
    OPENSSL_cleanse(padded.data(), padded.size());
    return digest;
}

HmacKey::HmacKey(std::string_view secret) {
    std::array<unsigned char, block_bytes> block{};
    const bool fits = secret.size() <= block.size();
    if (fits) {
        std::ranges::copy(secret, block.begin());
    }
    if (fits || (sha256() != nullptr && EVP_Digest(secret.data(), secret.size(), block.data(),
                                                   nullptr, sha256(), nullptr) == 1)) {
        inner_ = begin(block, 0x36);
        outer_ = begin(block, 0x5c);
    }
    OPENSSL_cleanse(block.data(), block.size());
}

std::optional<HmacSha256> HmacKey::code(std::span<const std::byte> message) const noexcept {
    // One per thread, so that any thread may authenticate with any key, and none makes its own
    // state for each message.
    static thread_local const Digest work = make_digest();
    HmacSha256 code{};
    if (!work || !inner_ || !outer_ || EVP_MD_CTX_copy_ex(work.get(), inner_.get()) != 1 ||
        EVP_DigestUpdate(work.get(), message.data(), message.size()) != 1 ||
        EVP_DigestFinal_ex(work.get(), unsigned_chars(code), nullptr) != 1 ||
        EVP_MD_CTX_copy_ex(work.get(), outer_.get()) != 1 ||
        EVP_DigestUpdate(work.get(), code.data(), code.size()) != 1 ||
        EVP_DigestFinal_ex(work.get(), unsigned_chars(code), nullptr) != 1) {
        return std::nullopt;
    }
    return code;
}

bool same_code(std::span<const std::byte> left, std::span<const std::byte> right) noexcept {
    return left.size() == right.size() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace warren::protocol
