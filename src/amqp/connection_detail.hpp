#pragma once

#include "amqp/connection_core.hpp"

#include <expected>
#include <utility>

// The templates of ConnectionCore, for its own source files.

namespace warren::amqp {

inline constexpr std::uint16_t basic_class_id = BasicPublish::id >> 16;

/// in   event: made from what the reader gave
template <typename Happened>
bool ConnectionCore::emit(const Reader& reader, Happened event) {
    if (reader.failed()) {
        return violation(reply_code::syntax_error, "method arguments are truncated");
    }
    event_ = std::move(event);
    return true;
}

template <typename Method>
CommandResult<void> ConnectionCore::write_method(ChannelNumber channel, const Method& method) {
    Writer writer{output_};
    const std::size_t begin = begin_frame(writer, FrameType::method, channel);
    writer.u32(Method::id);
    write_arguments(writer, method);
    end_frame(writer, begin, frame_bytes_max_);
    if (writer.error() != CommandError::none) {
        output_.truncate(begin);
        return std::unexpected{writer.error()};
    }
    return {};
}

}  // namespace warren::amqp
