#pragma once

#include "amqp/body_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace warren::amqp {

/// A delivered or returned message of which not every frame has come: a method, a header, then
/// bodies up to the announced size.                                        [AMQP 0-9-1 4.2.6]
struct PendingContent {
    enum class Stage : std::uint8_t { none, header, body };

    Stage stage = Stage::none;
    bool oversized = false;
    bool listed = false;                  // the core looks after it when the input moves
    std::span<const std::byte> method{};  // frame payload
    std::span<const std::byte> header{};  // frame payload, once it came
    std::uint64_t body_size = 0;
    std::uint64_t body_received = 0;
    BodyPool::Body body{};
    std::vector<std::byte> head{};  // copies of method and header, once the input has moved

    /// Copy what still views the input, because the input is about to move.
    void keep_head();
};

/// One channel as the client sees it.
struct ChannelState {
    enum class Stage : std::uint8_t {
        unused,   // never opened: a frame on it is an error of the broker
        opening,  // commands may follow channel.open without waiting
        open,
        closing,  // our close was sent; all but close-ok is dropped
        closed,   // free again; late frames are dropped
    };

    /// The replies that are due, oldest first, as the ids of their methods.
    class Replies {
    public:
        void expect(std::uint32_t method_id) { ids_.push_back(method_id); }
        /// out  whether this was the reply that is due
        bool take(std::uint32_t method_id) noexcept {
            if (next_ == ids_.size() || ids_[next_] != method_id) {
                return false;
            }
            if (++next_ == ids_.size()) {
                clear();
            }
            return true;
        }
        void clear() noexcept {
            ids_.clear();
            next_ = 0;
        }

    private:
        std::vector<std::uint32_t> ids_;
        std::size_t next_ = 0;
    };

    Stage stage = Stage::unused;
    bool confirming = false;
    std::uint64_t published = 0;  // in confirm mode: the last sequence number
    Replies replies{};
    PendingContent content{};
};

}  // namespace warren::amqp
