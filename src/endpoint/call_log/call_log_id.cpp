#include "endpoint/call_log/call_log_id.hpp"

#include <warren/types.hpp>

#include "core/uuid.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warren::endpoint {
namespace {

constexpr std::size_t uuid_bytes = 16;

/// Of ids that are no UUIDs: drawn once, for these alone.
constexpr std::array<std::uint8_t, uuid_bytes> space{
    0x2f, 0x6b, 0x1d, 0x5c, 0x8e, 0x41, 0x4b, 0x7a, 0x93, 0x0d, 0xc1, 0x5e, 0x77, 0xa2, 0x9b, 0x34};

std::string text_of(const std::array<std::uint8_t, uuid_bytes>& octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t at = 0; at < octets.size(); ++at) {
        text += at == 4 || at == 6 || at == 8 || at == 10 ? "-" : "";
        text += digits[octets[at] >> 4];
        text += digits[octets[at] & 0xf];
    }
    return text;
}

std::string named_uuid(std::string_view name) {
    std::string hashed{reinterpret_cast<const char*>(space.data()), space.size()};
    hashed += name;
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    EVP_Digest(hashed.data(), hashed.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
    std::array<std::uint8_t, uuid_bytes> octets{};
    std::copy_n(digest.begin(), octets.size(), octets.begin());
    octets[6] = static_cast<std::uint8_t>((octets[6] & 0x0f) | 0x50);
    octets[8] = static_cast<std::uint8_t>((octets[8] & 0x3f) | 0x80);
    return text_of(octets);
}

}  // namespace

std::string call_log_id(std::string_view correlation_id) {
    const auto given = Uuid::parse(correlation_id);
    return given ? core::to_string(*given) : named_uuid(correlation_id);
}

std::string fresh_call_log_id() {
    return core::to_string(Uuid::random());
}

}  // namespace warren::endpoint
