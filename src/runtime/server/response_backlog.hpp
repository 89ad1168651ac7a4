#pragma once

#include <atomic>
#include <cstddef>

namespace warren::runtime {

/// The bytes of responses that were made and have not left yet, of one listener and of each of its
/// connections: they decide whether another call may start, for how big its response will be nobody
/// knows. What runs meanwhile comes on top, one response a worker.          thread any
class ResponseBacklog {
public:
    /// What waits for one connection.
    class Share {
        friend class ResponseBacklog;
        std::atomic<std::size_t> bytes_ = 0;
    };

    ResponseBacklog(std::size_t connection_bytes_max, std::size_t bytes_max) noexcept
        : connection_bytes_max_{connection_bytes_max}, bytes_max_{bytes_max} {}

    void set_limits(std::size_t connection_bytes_max, std::size_t bytes_max) noexcept {
        connection_bytes_max_.store(connection_bytes_max, std::memory_order_relaxed);
        bytes_max_.store(bytes_max, std::memory_order_relaxed);
    }

    void add(Share& share, std::size_t bytes) noexcept {
        share.bytes_.fetch_add(bytes, std::memory_order_relaxed);
        bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void remove(Share& share, std::size_t bytes) noexcept {
        share.bytes_.fetch_sub(bytes, std::memory_order_relaxed);
        bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }

    bool is_over(const Share& share) const noexcept {
        return share.bytes_.load(std::memory_order_relaxed) >
               connection_bytes_max_.load(std::memory_order_relaxed);
    }
    std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
    bool is_over() const noexcept { return bytes() > bytes_max_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::size_t> connection_bytes_max_;
    std::atomic<std::size_t> bytes_max_;
    std::atomic<std::size_t> bytes_ = 0;
};

}  // namespace warren::runtime
