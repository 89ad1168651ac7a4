#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace warren::amqp {

/// Memory for bodies that came in more than one frame, reused from message to message.
class BodyPool {
public:
    using Body = std::vector<std::byte>;

    Body take() {
        if (free_.empty()) {
            return {};
        }
        Body body = std::move(free_.back());
        free_.pop_back();
        free_bytes_ -= body.capacity();
        return body;
    }

    /// Keep a complete body for the event that views it.
    /// out  the body, whose bytes stay in place until `release_lent`
    const Body& lend(Body body) { return lent_.emplace_back(std::move(body)); }

    /// The events are over: their bodies can be reused.
    void release_lent() {
        while (!lent_.empty()) {
            release(std::move(lent_.back()));
            lent_.pop_back();
        }
    }

    void release(Body body) {
        if (free_bytes_ + body.capacity() <= kept_bytes_max) {
            body.clear();
            free_bytes_ += body.capacity();
            free_.push_back(std::move(body));
        }
    }

    static constexpr std::size_t kept_bytes_max = std::size_t{4} << 20;

private:
    std::vector<Body> lent_;
    std::vector<Body> free_;
    std::size_t free_bytes_ = 0;
};

}  // namespace warren::amqp
