#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren {

/// Octets of a message, apart from text. base64 text where the format has only text (JSON).
using Bytes = std::vector<std::byte>;

/// A point in time, microseconds since 1970-01-01 UTC. On the wire: RFC 3339 text.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// A universally unique identifier. On the wire: 36 characters of text.   [RFC 4122 section 3]
struct Uuid {
    std::array<std::uint8_t, 16> octets{};  // in the order of the text

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

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

    const T& reveal() const noexcept { return content_; }
    T& reveal() noexcept { return content_; }

    friend bool operator==(const Secret&, const Secret&) = default;

private:
    T content_{};
};

}  // namespace warren
