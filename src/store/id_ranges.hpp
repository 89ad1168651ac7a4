#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace warren::store {

/// Numbers in short, such as "3, 7-12".
class IdRanges {
public:
    /// In growing order.
    void add(std::uint64_t id);
    std::uint64_t count() const noexcept { return count_; }
    std::string text() const;

private:
    void close();

    static constexpr std::size_t text_bytes_max = 1'000;
    std::uint64_t first_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t count_ = 0;
    std::string text_;
};

}  // namespace warren::store
