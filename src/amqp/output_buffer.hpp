#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace warren::amqp {

/// Growing, contiguous bytes on their way to the socket. Unlike a vector it hands out uninitialised
/// room, and unlike a vector it gives memory back after a burst.
class OutputBuffer {
public:
    OutputBuffer() noexcept = default;
    OutputBuffer(OutputBuffer&& other) noexcept { swap(other); }
    OutputBuffer& operator=(OutputBuffer&& other) noexcept {
        OutputBuffer moved{std::move(other)};
        swap(moved);
        return *this;
    }

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    std::byte* data() noexcept { return bytes_.get(); }
    const std::byte* data() const noexcept { return bytes_.get(); }
    std::span<const std::byte> bytes() const noexcept { return {bytes_.get(), size_}; }

    /// out  `count` uninitialised bytes at the end; pointers from before are invalid
    /// err  throws std::bad_alloc
    std::byte* extend(std::size_t count) {
        if (count > capacity_ - size_) [[unlikely]] {
            grow(count);
        }
        std::byte* start = bytes_.get() + size_;
        size_ += count;
        return start;
    }

    void append(std::span<const std::byte> octets) {
        if (!octets.empty()) {
            std::memcpy(extend(octets.size()), octets.data(), octets.size());
        }
    }

    /// Forget what was appended after the buffer had this size.
    void truncate(std::size_t size) noexcept { size_ = std::min(size, size_); }

    /// Empty the buffer; memory is kept for reuse unless a burst made it large.
    void clear() noexcept {
        size_ = 0;
        if (capacity_ > kept_bytes_max) {
            bytes_.reset();
            capacity_ = 0;
        }
    }

    void swap(OutputBuffer& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

    static constexpr std::size_t kept_bytes_max = std::size_t{4} << 20;

private:
    void grow(std::size_t count) {
        const std::size_t capacity =
            std::max({size_ + count, capacity_ * 2, std::size_t{initial_bytes}});
        auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
        if (size_ != 0) {
            std::memcpy(larger.get(), bytes_.get(), size_);
        }
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }

    static constexpr std::size_t initial_bytes = 4096;

    std::unique_ptr<std::byte[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace warren::amqp
