#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace warren::amqp {

/// What came from the socket and was not parsed yet, contiguous. Parsed bytes stay where they are
/// until `prepare`, because events view them.
class InputBuffer {
public:
    std::span<const std::byte> unread() const noexcept {
        return {bytes_.get() + begin_, end_ - begin_};
    }
    void consume(std::size_t count) noexcept { begin_ += count; }
    void commit(std::size_t count) noexcept { end_ += std::min(count, capacity_ - end_); }

    /// out  room for at least `bytes_min` behind what is unread; consumed bytes are gone
    /// cost moves the unread bytes when the room behind them is too small
    std::span<std::byte> prepare(std::size_t bytes_min) {
        if (begin_ == end_) {
            begin_ = end_ = 0;
        }
        if (capacity_ - end_ < bytes_min) {
            make_room(bytes_min);
        }
        return {bytes_.get() + end_, capacity_ - end_};
    }

private:
    void make_room(std::size_t bytes_min) {
        const std::size_t unread_bytes = end_ - begin_;
        if (capacity_ - unread_bytes >= bytes_min) {
            std::memmove(bytes_.get(), bytes_.get() + begin_, unread_bytes);
        } else {
            const std::size_t capacity = unread_bytes + bytes_min;
            auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
            if (unread_bytes != 0) {
                std::memcpy(larger.get(), bytes_.get() + begin_, unread_bytes);
            }
            bytes_ = std::move(larger);
            capacity_ = capacity;
        }
        begin_ = 0;
        end_ = unread_bytes;
    }

    std::unique_ptr<std::byte[]> bytes_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace warren::amqp
