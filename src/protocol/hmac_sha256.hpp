#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace warren::protocol {

using HmacSha256 = std::array<std::byte, 32>;

/// A secret to authenticate messages with; wiped from memory in the end.
/// thread any
class HmacKey {
public:
    /// in  secret: at least one byte
    explicit HmacKey(std::string_view secret) : secret_{secret.begin(), secret.end()} {}
    HmacKey(HmacKey&&) noexcept = default;
    HmacKey& operator=(HmacKey&& other) noexcept;
    ~HmacKey() { wipe(); }

    /// The message authentication code of `message`.                    [RFC 2104, FIPS 180-4]
    /// err  nullopt when OpenSSL refuses
    /// cost O(bytes), about half a microsecond for a short message
    std::optional<HmacSha256> code(std::span<const std::byte> message) const noexcept;

private:
    void wipe() noexcept;

    // No std::string: moved from, a short one keeps its characters.
    std::vector<char> secret_;
};

/// Whether two codes are the same; the time it takes does not tell where they differ.
bool same_code(std::span<const std::byte> left, std::span<const std::byte> right) noexcept;

}  // namespace warren::protocol
