#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace warren::protocol {

/// HMAC-SHA256 in hexadecimal under one secret, as the arrpc dialect signs.   [RFC 2104, FIPS
/// 180-4] thread one at a time
class ArrpcSignature {
public:
    static constexpr std::size_t hex_bytes = 64;

    /// in  secret: at least one byte
    explicit ArrpcSignature(std::string_view secret);
    ~ArrpcSignature();
    ArrpcSignature(ArrpcSignature&&) noexcept;
    ArrpcSignature& operator=(ArrpcSignature&&) noexcept;

    /// err  nullopt when OpenSSL refuses
    /// cost O(bytes)
    std::optional<std::array<char, hex_bytes>> sign(std::span<const std::byte> packed) const;

    /// Whether `hex` is the signature of `packed`; the time it takes does not tell where they
    /// differ.
    bool verify(std::string_view hex, std::span<const std::byte> packed) const;

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace warren::protocol
