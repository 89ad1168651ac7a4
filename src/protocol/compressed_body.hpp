#pragma once

#include <warren/arena.hpp>

#include "format/compression.hpp"
#include "protocol/message_view.hpp"

#include <cstddef>
#include <string>

/// Compressed bodies of messages at brokers: the content encoding says how, and a request may say
/// how its reply may be.
namespace warren::protocol {

/// in   request: its headers then view `arena`
void accept_compressed(format::Compression kind, MessageView& request, Arena& arena);
/// How the reply to a request may be compressed.
format::Compression accepted_compression(const MessageView& request) noexcept;

/// Compress a body of so many bytes, if it gets smaller.
/// in   compressed: is overwritten, and then viewed by the message
/// err  throws std::bad_alloc
void compress_body(format::Compression kind, std::size_t bytes_min, MessageView& message,
                   std::string& compressed);

}  // namespace warren::protocol
