#include "protocol/compressed_body.hpp"

namespace warren::protocol {
namespace {

constexpr std::string_view accept_header = "warren-accept-encoding";

}  // namespace

void accept_compressed(format::Compression kind, MessageView& request, Arena& arena) {
    add_header(accept_header, Value::text(format::name_of(kind)), request, arena);
}

format::Compression accepted_compression(const MessageView& request) noexcept {
    const Value* const kind = request.headers.find(accept_header);
    return kind != nullptr && kind->is_text() ? format::compression_named(kind->as_text())
                                              : format::Compression::none;
}

void compress_body(format::Compression kind, std::size_t bytes_min, MessageView& message,
                   std::string& compressed) {
    if (message.body.size() < bytes_min) {
        return;
    }
    compressed = format::compress(kind, text_of(message.body));
    if (!compressed.empty()) {
        message.body = bytes_of(compressed);
        message.body_bytes = compressed.size();
        message.content_encoding = format::name_of(kind);
    }
}

}  // namespace warren::protocol
