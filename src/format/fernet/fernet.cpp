#include "format/fernet/fernet.hpp"

#include "core/base64.hpp"
#include "format/fernet/fernet_cipher.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <vector>

namespace warren::format {
namespace {

using core::Base64Alphabet;
using core::Base64Padding;

// Version, time, IV, one block at least, signature.                     [Fernet, token format]
constexpr std::byte version{0x80};
constexpr std::size_t time_at = 1;
constexpr std::size_t iv_at = 9;
constexpr std::size_t content_at = 25;
constexpr std::size_t block_bytes = 16;
constexpr std::size_t signature_bytes = 32;
constexpr std::size_t token_bytes_min = content_at + block_bytes + signature_bytes;

// So that no length leaves the range of OpenSSL's int.
constexpr std::size_t plaintext_bytes_max = std::size_t{1} << 30;

void put_time(std::byte* target, std::int64_t unix_seconds) noexcept {
    const auto seconds = static_cast<std::uint64_t>(unix_seconds);
    for (int octet = 0; octet < 8; ++octet) {
        target[octet] = static_cast<std::byte>(seconds >> (56 - 8 * octet) & 0xffU);
    }
}

std::uint64_t get_time(const std::byte* source) noexcept {
    std::uint64_t seconds = 0;
    for (int octet = 0; octet < 8; ++octet) {
        seconds = seconds << 8 | std::to_integer<std::uint64_t>(source[octet]);
    }
    return seconds;
}

/// out  nullopt when the token is young enough
std::optional<FernetError> age_error(std::uint64_t made_s, const TimeToLive& ttl) noexcept {
    const auto now_s = static_cast<std::uint64_t>(std::max<std::int64_t>(ttl.now_s, 0));
    if (made_s > now_s) {
        return made_s - now_s > fernet_clock_skew_s ? std::optional{FernetError::from_the_future}
                                                    : std::nullopt;
    }
    const bool expired = ttl.ttl_s < 0 || now_s - made_s > static_cast<std::uint64_t>(ttl.ttl_s);
    return expired ? std::optional{FernetError::expired} : std::nullopt;
}

std::unexpected<Failure> refuse_key(std::string message) {
    return std::unexpected{Failure{.code = Code::invalid_request, .message = std::move(message)}};
}

}  // namespace

std::string_view message_of(FernetError error) noexcept {
    switch (error) {
    case FernetError::malformed:
        return "this is not a Fernet token";
    case FernetError::wrong_key:
        return "the token was not made with a key that is configured here";
    case FernetError::expired:
        return "the token has expired";
    case FernetError::from_the_future:
        return "the token was made in the future: the clocks differ";
    case FernetError::padding:
        return "the token's signature is right but its content is broken";
    case FernetError::unavailable:
        return "the system's cryptography failed";
    }
    return "unknown";
}

std::expected<FernetKey, Failure> FernetKey::parse(std::string_view text) {
    std::array<std::byte, core::base64_decoded_size_max(44)> octets{};
    FernetKey key;
    if (text.empty()) {
        return refuse_key("The Fernet key is empty");
    }
    if (text.size() > 44) {
        return refuse_key(
            fmt::format("A Fernet key has 44 characters (32 bytes as url-safe "
                        "base64), and this one has {}",
                        text.size()));
    }
    const auto size =
        core::base64_decode_to(text, octets, Base64Alphabet::url_safe, Base64Padding::optional);
    if (size == key.octets_.size()) {
        std::copy_n(octets.begin(), key.octets_.size(), key.octets_.begin());
    }
    OPENSSL_cleanse(octets.data(), octets.size());
    if (!size) {
        return refuse_key(fmt::format("The Fernet key is not url-safe base64: {} (character {})",
                                      size.error().reason, size.error().offset + 1));
    }
    if (*size != key.octets_.size()) {
        return refuse_key(fmt::format("A Fernet key holds 32 bytes, and this one holds {}", *size));
    }
    return key;
}

std::expected<FernetKey, Failure> FernetKey::generate() {
    FernetKey key;
    if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(key.octets_.data()),
                        static_cast<int>(key.octets_.size())) != 1) {
        return std::unexpected{
            Failure{.code = Code::internal, .message = "The system has no random bytes to give"}};
    }
    return key;
}

FernetKey::~FernetKey() {
    OPENSSL_cleanse(octets_.data(), octets_.size());
}

std::string FernetKey::text() const {
    return core::base64_encode(std::span<const std::byte>{octets_}, Base64Alphabet::url_safe);
}

struct Keyring::State {
    std::vector<std::unique_ptr<FernetCipher>> ciphers;
};

Keyring::Keyring(std::span<const FernetKey> keys) {
    if (keys.empty()) {
        return;
    }
    auto state = std::make_shared<State>();
    for (const FernetKey& key : keys) {
        state->ciphers.push_back(std::make_unique<FernetCipher>(key));
    }
    state_ = std::move(state);
}

std::expected<Keyring, Failure> Keyring::parse(std::span<const std::string> keys) {
    std::vector<FernetKey> parsed;
    for (const std::string& text : keys) {
        auto key = FernetKey::parse(text);
        if (!key) {
            return refuse_key(fmt::format("Key {} of {}: {}", parsed.size() + 1, keys.size(),
                                          key.error().message));
        }
        parsed.push_back(*key);
    }
    return Keyring{parsed};
}

std::size_t Keyring::size() const noexcept {
    return state_ ? state_->ciphers.size() : 0;
}

std::expected<std::string, FernetError> Keyring::encrypt(std::string_view plaintext,
                                                         std::int64_t unix_seconds) const {
    FernetIv iv{};
    if (RAND_bytes(reinterpret_cast<unsigned char*>(iv.data()), static_cast<int>(iv.size())) != 1) {
        return std::unexpected{FernetError::unavailable};
    }
    return encrypt(plaintext, unix_seconds, iv);
}

std::expected<std::string, FernetError> Keyring::encrypt(std::string_view plaintext,
                                                         std::int64_t unix_seconds,
                                                         const FernetIv& iv) const {
    if (empty()) {
        return std::unexpected{FernetError::wrong_key};
    }
    if (plaintext.size() > plaintext_bytes_max) {
        return std::unexpected{FernetError::unavailable};
    }
    const FernetCipher& cipher = *state_->ciphers.front();
    // PKCS #7 fills to the next block, by a whole one when nothing is left to fill.
    const std::size_t content_bytes = (plaintext.size() / block_bytes + 1) * block_bytes;
    std::vector<std::byte> token(content_at + content_bytes + signature_bytes);
    token[0] = version;
    put_time(token.data() + time_at, unix_seconds);
    std::ranges::copy(iv, token.begin() + iv_at);
    const std::span all{token};
    const auto signed_part = all.first(content_at + content_bytes);
    if (!cipher.encrypt(plaintext, iv, signed_part.subspan(content_at)) ||
        !cipher.sign(signed_part, all.last<signature_bytes>())) {
        return std::unexpected{FernetError::unavailable};
    }
    return core::base64_encode(token, Base64Alphabet::url_safe);
}

std::expected<std::string, FernetError> Keyring::decrypt(std::string_view token,
                                                         std::optional<TimeToLive> ttl) const {
    if (token.size() < core::base64_size(token_bytes_min) ||
        token.size() > core::base64_size(plaintext_bytes_max)) {
        return std::unexpected{FernetError::malformed};
    }
    std::vector<std::byte> octets(core::base64_decoded_size_max(token.size()));
    const auto size = core::base64_decode_to(token, octets, Base64Alphabet::url_safe);
    if (!size || *size < token_bytes_min || octets[0] != version ||
        (*size - token_bytes_min) % block_bytes != 0) {
        return std::unexpected{FernetError::malformed};
    }
    const std::span<const std::byte> all{octets.data(), *size};
    const auto signed_part = all.first(*size - signature_bytes);
    const auto signature = all.last<signature_bytes>();
    for (std::size_t at = 0; at < this->size(); ++at) {
        const FernetCipher& cipher = *state_->ciphers[at];
        std::array<std::byte, signature_bytes> made{};
        if (!cipher.sign(signed_part, made)) {
            return std::unexpected{FernetError::unavailable};
        }
        if (CRYPTO_memcmp(made.data(), signature.data(), made.size()) != 0) {
            continue;
        }
        if (ttl) {
            if (const auto error = age_error(get_time(all.data() + time_at), *ttl)) {
                return std::unexpected{*error};
            }
        }
        return cipher.decrypt(signed_part.subspan(content_at),
                              all.subspan<iv_at, std::tuple_size_v<FernetIv>>());
    }
    return std::unexpected{FernetError::wrong_key};
}

}  // namespace warren::format
