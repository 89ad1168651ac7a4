#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::transport {

/// Messages that wait to be sent, one after the other in one buffer that is used again and again.
class ZmqOutbox {
public:
    std::string& bytes() noexcept { return bytes_; }
    /// What was appended since the last call is one message; nothing is none.
    void end_message() {
        if (bytes_.size() != (ends_.empty() ? begin_ : ends_.back())) {
            ends_.push_back(bytes_.size());
        }
    }

    bool empty() const noexcept { return next_ == ends_.size(); }
    std::size_t unsent_bytes() const noexcept { return bytes_.size() - begin_; }
    /// The next message.
    std::span<const char> front() const noexcept {
        return std::span{bytes_}.subspan(begin_, ends_[next_] - begin_);
    }
    void pop() noexcept { begin_ = ends_[next_++]; }
    /// All is sent, or given up: make room for what comes.
    void clear() {
        if (bytes_.capacity() > kept_bytes) {
            bytes_ = {};
        } else {
            bytes_.clear();
        }
        ends_.clear();
        next_ = 0;
        begin_ = 0;
    }

private:
    // What is kept of a buffer that is empty.
    static constexpr std::size_t kept_bytes = std::size_t{64} << 10;

    std::string bytes_;
    std::vector<std::size_t> ends_;
    std::size_t next_ = 0;   // of `ends_`
    std::size_t begin_ = 0;  // of that message
};

}  // namespace warren::transport
