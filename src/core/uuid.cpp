#include "core/uuid.hpp"

#include <warren/error.hpp>

#include <unistd.h>

#include <bit>
#include <ostream>

namespace warren {
namespace {

constexpr std::size_t digit_count = 32;

int digit_value(char character) noexcept {
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    return -1;
}

constexpr bool hyphen_before(std::size_t octet) noexcept {
    return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
    const bool hyphens = text.size() == core::uuid_text_size;
    if (!hyphens && text.size() != digit_count) {
        return std::nullopt;
    }
    Uuid uuid;
    std::size_t at = 0;
    for (std::size_t octet = 0; octet < uuid.octets.size(); ++octet) {
        if (hyphens && hyphen_before(octet) && text[at++] != '-') {
            return std::nullopt;
        }
        const int high = digit_value(text[at++]);
        const int low = digit_value(text[at++]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        uuid.octets[octet] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return uuid;
}

Uuid Uuid::random() {
    std::array<std::uint8_t, 16> octets;
    if (getentropy(octets.data(), octets.size()) != 0) {
        throw Error{Code::internal, "The system has no random numbers to give"};
    }
    return core::uuid_from_random(octets);
}

std::string to_string(const Uuid& uuid) {
    std::string text(core::uuid_text_size, '\0');
    core::format_uuid(uuid, text.data());
    return text;
}

std::ostream& operator<<(std::ostream& out, const Uuid& uuid) {
    return out << to_string(uuid);
}

namespace core {

void format_uuid(const Uuid& uuid, char* target) noexcept {
    static constexpr char digits[] = "0123456789abcdef";
    for (std::size_t octet = 0; octet < uuid.octets.size(); ++octet) {
        if (hyphen_before(octet)) {
            *target++ = '-';
        }
        *target++ = digits[uuid.octets[octet] >> 4];
        *target++ = digits[uuid.octets[octet] & 15];
    }
}

Uuid uuid_from_random(std::array<std::uint8_t, 16> octets) noexcept {
    octets[6] = static_cast<std::uint8_t>((octets[6] & 0x0F) | 0x40);
    octets[8] = static_cast<std::uint8_t>((octets[8] & 0x3F) | 0x80);
    return {octets};
}

}  // namespace core
}  // namespace warren

std::size_t std::hash<warren::Uuid>::operator()(const warren::Uuid& uuid) const noexcept {
    using Halves = std::array<std::uint64_t, 2>;
    const auto [first, second] = std::bit_cast<Halves>(uuid.octets);
    // Those of a time differ little, and in few places.
    return (first ^ std::rotl(second, 29)) * 0x9E37'79B9'7F4A'7C15;
}
