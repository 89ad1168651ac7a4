#pragma once

#include "protocol/hmac_sha256.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace warren::protocol {

/// HMAC-SHA256 in hexadecimal under one secret, as the arrpc protocol signs.
/// thread any
class ArrpcSignature {
public:
    static constexpr std::size_t hex_bytes = 2 * HmacSha256{}.size();

    /// in  secret: at least one byte
    explicit ArrpcSignature(std::string_view secret) : key_{secret} {}

    /// err  nullopt when OpenSSL refuses
    /// cost O(bytes)
    std::optional<std::array<char, hex_bytes>> sign(std::span<const std::byte> packed) const;

    /// Whether `hex` is the signature of `packed`; the time it takes does not tell where they
    /// differ.
    bool verify(std::string_view hex, std::span<const std::byte> packed) const;

private:
    HmacKey key_;
};

}  // namespace warren::protocol
