#pragma once

#include <warren/version.hpp>

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren {

/// Octets of a message, apart from text. base64 text where the format has only text (JSON).
using Bytes = std::vector<std::byte>;

/// A point in time, microseconds since 1970-01-01 UTC. On the wire: RFC 3339 text.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// The time by the system's clock.
Timestamp now() noexcept;

/// Parse a date and time with its offset, such as "2024-02-29T12:00:00.25+01:00".
/// in   "T", "t" or a space between date and time; digits past the microseconds are cut off; a leap
///      second is the second that follows it                            [RFC 3339 section 5.6]
/// err  what is wrong, as words behind "because "; never a part of the text
std::expected<Timestamp, std::string_view> parse_timestamp(std::string_view text) noexcept;

/// RFC 3339 in UTC, with six digits of fraction unless they are all zero.
/// in   of the years 0000 to 9999
std::string to_string(Timestamp timestamp);

/// A universally unique identifier. On the wire: 36 characters of text.   [RFC 4122 section 3]
struct Uuid {
    std::array<std::uint8_t, 16> octets{};  // in the order of the text

    /// in   36 characters with hyphens, or the 32 digits alone; either case
    /// out  nullopt when the text is anything else
    static std::optional<Uuid> parse(std::string_view text) noexcept;
    /// One that nobody can foresee, version 4.                        [RFC 4122 section 4.4]
    /// err  throws Error (internal) when the system has no random numbers
    static Uuid random();

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// The 36 characters, in lower case.
std::string to_string(const Uuid& uuid);
std::ostream& operator<<(std::ostream& out, const Uuid& uuid);

/// A path from the root: "/", or elements of 1 to 254 bytes each behind a "/", under 4096 bytes in
/// all, and normalized (no "." or "..", no empty element, no "/" at the end). Checked when bound.
struct AbsolutePath {
    std::string text;

    friend auto operator<=>(const AbsolutePath&, const AbsolutePath&) = default;
};

/// A path without a root, such as "a/b"; the rules of `AbsolutePath` otherwise.
struct RelativePath {
    std::string text;

    friend auto operator<=>(const RelativePath&, const RelativePath&) = default;
};

/// Something that only the two ends may read: encrypted on the wire where a key is configured,
/// never shown in a log, an error or a metric. There is no way to print it but `reveal`.
template <typename T>
class Secret {
public:
    Secret() = default;
    explicit Secret(T content) : content_{std::move(content)} {}

    /// The content. There is no other way to it, and none to print it.
    const T& reveal() const noexcept { return content_; }
    T& reveal() noexcept { return content_; }

    friend bool operator==(const Secret&, const Secret&) = default;

private:
    T content_{};
};

}  // namespace warren

template <>
struct std::hash<warren::Uuid> {
    std::size_t operator()(const warren::Uuid& uuid) const noexcept;
};
