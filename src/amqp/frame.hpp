#pragma once

#include "amqp/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

namespace warren::amqp {

enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

//  0      1         3             7                  size+7 size+8
//  +------+---------+-------------+  +------------+  +-----------+
//  | type | channel |     size    |  |  payload   |  | frame-end |
//  +------+---------+-------------+  +------------+  +-----------+
//   octet   short         long         size octets       octet       [AMQP 0-9-1 4.2.3]

inline constexpr std::size_t frame_head_bytes = 7;
inline constexpr std::size_t frame_overhead_bytes = frame_head_bytes + 1;
inline constexpr std::byte frame_end{0xCE};

/// Every peer must take frames of this size, negotiated or not: until tune it is the limit.
inline constexpr std::uint32_t frame_bytes_min = 4096;

struct FrameView {
    FrameType type = FrameType::heartbeat;
    std::uint16_t channel = 0;
    std::span<const std::byte> payload{};

    std::size_t bytes() const noexcept { return frame_overhead_bytes + payload.size(); }
};

enum class FrameError : std::uint8_t {
    need_more,  // see `frame_bytes`
    unknown_type,
    too_large,
    bad_end,
};

/// Read the first frame of the input.                                      [AMQP 0-9-1 4.2.3]
/// in    any bytes; may be truncated. frame_bytes_max: as negotiated, overhead included
/// out   frame viewing the input; consumes frame.bytes()
/// err   unknown_type and too_large as soon as the head shows them, so that nobody makes room for
///       such a frame; bad_end; need_more
/// cost  O(1), no allocation          thread any
std::expected<FrameView, FrameError> read_frame(std::span<const std::byte> input,
                                                std::size_t frame_bytes_max) noexcept;

/// How large the first frame of the input is, overhead included; 0 while its head is incomplete.
std::size_t frame_bytes(std::span<const std::byte> input) noexcept;

/// Begin a frame whose size is not known yet.
/// out  where it began, for `end_frame`
std::size_t begin_frame(Writer& writer, FrameType type, std::uint16_t channel);

/// Fill in the size and write the frame-end octet.
/// err  marks the writer failed when the frame is over frame_bytes_max
void end_frame(Writer& writer, std::size_t begin, std::size_t frame_bytes_max);

/// A frame with no payload on channel 0.                                   [AMQP 0-9-1 4.2.7]
void write_heartbeat(Writer& writer);

}  // namespace warren::amqp
