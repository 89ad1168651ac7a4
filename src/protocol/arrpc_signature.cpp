#include "protocol/arrpc_signature.hpp"

namespace warren::protocol {

std::optional<std::array<char, ArrpcSignature::hex_bytes>> ArrpcSignature::sign(
    std::span<const std::byte> packed) const {
    const auto code = key_.code(packed);
    if (!code) {
        return std::nullopt;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, hex_bytes> hex{};
    for (std::size_t at = 0; at != code->size(); ++at) {
        const auto octet = static_cast<unsigned>((*code)[at]);
        hex[2 * at] = digits[octet >> 4];
        hex[2 * at + 1] = digits[octet & 0x0fU];
    }
    return hex;
}

bool ArrpcSignature::verify(std::string_view hex, std::span<const std::byte> packed) const {
    const auto expected = sign(packed);
    return expected &&
           same_code(std::as_bytes(std::span{hex}), std::as_bytes(std::span{*expected}));
}

}  // namespace warren::protocol
