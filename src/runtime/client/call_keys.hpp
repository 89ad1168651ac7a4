#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warren::runtime {

/// Makes the idempotency keys of calls whose callers gave none: octets that no other client has,
/// and a number. A key says nothing, and is not secret.
/// thread one
class CallKeys {
public:
    static constexpr std::size_t prefix_bytes = 23;
    static constexpr std::size_t bytes_max = prefix_bytes + 11;
    /// Where a key stands, as long as its call.
    using Text = std::array<char, bytes_max>;

    explicit CallKeys(const std::array<std::uint8_t, 16>& random) noexcept;

    /// out  a view of `text`
    std::string_view next(Text& text) noexcept;

private:
    std::array<char, prefix_bytes> prefix_{};
    std::uint64_t count_ = 0;
};

}  // namespace warren::runtime
