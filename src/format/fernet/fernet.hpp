#pragma once

#include <warren/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace warren::format {

/// Why a token did not open.
enum class FernetError : std::uint8_t {
    malformed,        // not base64, too short, another version, a cut cipher text
    wrong_key,        // no key of the ring made its signature
    expired,          // older than the time to live
    from_the_future,  // made more than `fernet_clock_skew_s` after now
    padding,          // signed by a key of the ring, but what it holds is broken
    unavailable,      // the system's cryptography failed
};

/// One sentence for people; says nothing of key or content.
std::string_view message_of(FernetError error) noexcept;

inline constexpr std::int64_t fernet_clock_skew_s = 60;  // as every implementation allows

/// 16 bytes that sign and 16 that encrypt. Wiped from memory at its end.
///                                                                             [Fernet, key format]
class FernetKey {
public:
    /// in   url-safe base64 of 32 bytes, with or without padding
    /// err  invalid_request, saying what is wrong; never any part of the key
    static std::expected<FernetKey, Failure> parse(std::string_view text);
    /// A fresh key of the system's random bytes.
    /// err  internal, when the system has none
    static std::expected<FernetKey, Failure> generate();

    FernetKey(const FernetKey& other) noexcept = default;
    FernetKey& operator=(const FernetKey& other) noexcept = default;
    ~FernetKey();

    /// The key in plaintext, with padding: for `keygen` only.
    std::string text() const;

    std::span<const std::byte, 16> signing_key() const noexcept {
        return std::span{octets_}.first<16>();
    }
    std::span<const std::byte, 16> encryption_key() const noexcept {
        return std::span{octets_}.last<16>();
    }

private:
    FernetKey() noexcept = default;

    std::array<std::byte, 32> octets_{};
};

/// How old a token may be.
struct TimeToLive {
    std::int64_t ttl_s = 0;
    std::int64_t now_s = 0;  // Unix time
};

using FernetIv = std::array<std::byte, 16>;

/// Some keys: the first encrypts, all decrypt, so that keys rotate. A cheap handle to copy; the
/// keys are wiped with the last copy.          thread any, also the same object
class Keyring {
public:
    /// No keys: nothing is encrypted or decrypted.
    Keyring() noexcept = default;
    explicit Keyring(std::span<const FernetKey> keys);

    /// in   keys as text, newest first; none gives an empty ring
    /// err  invalid_request naming which key by its place, from 1
    static std::expected<Keyring, Failure> parse(std::span<const std::string> keys);

    bool empty() const noexcept { return state_ == nullptr; }
    std::size_t size() const noexcept;

    /// Make a token of the first key.                                  [Fernet, generating]
    /// in   unix_seconds as the token's time; an IV must never come twice: give one in tests only
    /// err  unavailable; wrong_key when the ring is empty
    std::expected<std::string, FernetError> encrypt(std::string_view plaintext,
                                                    std::int64_t unix_seconds) const;
    std::expected<std::string, FernetError> encrypt(std::string_view plaintext,
                                                    std::int64_t unix_seconds,
                                                    const FernetIv& iv) const;

    /// Open a token with whichever key signed it.                       [Fernet, verifying]
    /// The signature is held against every key in constant time, and before the time and the
    /// content: an unsigned time decides nothing.
    /// in   ttl: none accepts any age and any clock
    /// err  FernetError; an empty ring gives wrong_key
    std::expected<std::string, FernetError> decrypt(
        std::string_view token, std::optional<TimeToLive> ttl = std::nullopt) const;

private:
    struct State;
    std::shared_ptr<const State> state_;  // null without keys, so that copies cost nothing
};

}  // namespace warren::format
