// Calls in a buffer: what is read is written again as what reads back the same; and so is any call,
// unless it has text that is not UTF-8.
#include "core/utf8.hpp"
#include "endpoint/proxy/buffered_call.hpp"
#include "format/msgpack/msgpack.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace warren;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void expect_same_again(const endpoint::BufferedCall& one) {
    const auto bytes = endpoint::encode_buffered(one);
    check(bytes.has_value());
    Arena arena;
    const auto other = endpoint::decode_buffered(*bytes, arena);
    check(other && other->accepted_at_ms == one.accepted_at_ms &&
          other->call.method == one.call.method && other->call.style == one.call.style &&
          other->call.arguments == one.call.arguments &&
          other->call.metadata.priority == one.call.metadata.priority);
    for (const protocol::MetadataText& each : protocol::metadata_texts) {
        check(other->call.metadata.*each.text == one.call.metadata.*each.text);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    Arena arena;
    const auto read = endpoint::decode_buffered(text, arena);
    if (read) {
        expect_same_again(*read);
    } else {
        check(read.error().code == Code::internal && !read.error().message.empty());
    }
    const std::size_t name_bytes = size == 0 ? 0 : std::min<std::size_t>(data[0], size - 1);
    const std::string_view name = text.substr(std::min<std::size_t>(size, 1), name_bytes);
    const std::string_view rest = text.substr(std::min(size, name_bytes + 1));
    const auto arguments =
        format::msgpack_decode(std::as_bytes(std::span{rest}), arena, {.depth_max = 40});
    const endpoint::BufferedCall call{
        .accepted_at_ms = static_cast<std::int64_t>(size),
        .call = {.method = name,
                 .arguments = arguments.value_or(Value{}),
                 .metadata = {.idempotency_key = rest.substr(rest.size() / 2),
                              .traceparent = name,
                              .baggage = rest.empty() ? std::string_view{} : name}}};
    if (core::utf8_valid(name) && core::utf8_valid(call.call.metadata.idempotency_key)) {
        expect_same_again(call);
    } else {
        check(!endpoint::encode_buffered(call));
    }
    return 0;
}
