#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace warren::protocol {

using HmacSha256 = std::array<std::byte, 32>;

/// A secret to authenticate messages with, kept as what SHA-256 makes of its block, so that no
/// message costs that again; wiped from memory in the end.
/// thread any
class HmacKey {
public:
    /// in  secret: at least one byte
    explicit HmacKey(std::string_view secret);

    /// The message authentication code of `message`.                    [RFC 2104, FIPS 180-4]
    /// err  nullopt when OpenSSL refuses
    /// cost O(bytes), about a fifth of a microsecond for a short message
    std::optional<HmacSha256> code(std::span<const std::byte> message) const noexcept;

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept;
    };
    using Digest = std::unique_ptr<EVP_MD_CTX, Free>;

    static Digest make_digest() noexcept;
    static Digest begin(std::span<const unsigned char> block, unsigned char pad) noexcept;

    // Null when OpenSSL refuses.
    Digest inner_;
    Digest outer_;
};

/// Whether two codes are the same; the time it takes does not tell where they differ.
bool same_code(std::span<const std::byte> left, std::span<const std::byte> right) noexcept;

}  // namespace warren::protocol
