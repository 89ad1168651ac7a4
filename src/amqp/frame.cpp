#include "amqp/frame.hpp"

namespace warren::amqp {

std::expected<FrameView, FrameError> read_frame(std::span<const std::byte> input,
                                                std::size_t frame_bytes_max) noexcept {
    if (input.empty()) {
        return std::unexpected{FrameError::need_more};
    }
    const auto type = static_cast<FrameType>(input[0]);
    if (type != FrameType::method && type != FrameType::header && type != FrameType::body &&
        type != FrameType::heartbeat) {
        return std::unexpected{FrameError::unknown_type};
    }
    const std::size_t whole_bytes = frame_bytes(input);
    if (whole_bytes > frame_bytes_max) {
        return std::unexpected{FrameError::too_large};
    }
    if (whole_bytes == 0 || input.size() < whole_bytes) {
        return std::unexpected{FrameError::need_more};
    }
    if (input[whole_bytes - 1] != frame_end) {
        return std::unexpected{FrameError::bad_end};
    }
    Reader reader{input.subspan(1)};
    return FrameView{
        .type = type,
        .channel = reader.u16(),
        .payload = input.subspan(frame_head_bytes, whole_bytes - frame_overhead_bytes),
    };
}

std::size_t frame_bytes(std::span<const std::byte> input) noexcept {
    if (input.size() < frame_head_bytes) {
        return 0;
    }
    Reader reader{input.subspan(3)};
    return frame_overhead_bytes + std::size_t{reader.u32()};
}

std::size_t begin_frame(Writer& writer, FrameType type, std::uint16_t channel) {
    const std::size_t begin = writer.position();
    writer.u8(static_cast<std::uint8_t>(type));
    writer.u16(channel);
    writer.u32(0);
    return begin;
}

void end_frame(Writer& writer, std::size_t begin, std::size_t frame_bytes_max) {
    const std::size_t payload_bytes = writer.position() - begin - frame_head_bytes;
    if (payload_bytes + frame_overhead_bytes > frame_bytes_max) {
        writer.fail(CommandError::frame_too_large);
        return;
    }
    writer.patch(begin + 3, static_cast<std::uint32_t>(payload_bytes));
    writer.u8(std::to_integer<std::uint8_t>(frame_end));
}

void write_heartbeat(Writer& writer) {
    const std::size_t begin = begin_frame(writer, FrameType::heartbeat, 0);
    end_frame(writer, begin, frame_bytes_min);
}

}  // namespace warren::amqp
