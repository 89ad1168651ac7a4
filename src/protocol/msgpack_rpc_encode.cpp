#include "core/utf8.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/msgpack_rpc_compression.hpp"
#include "protocol/msgpack_rpc_metadata.hpp"
#include "protocol/reply_headers.hpp"

#include <algorithm>
#include <utility>

namespace warren::protocol {
namespace {

using format::MsgpackWriter;
using model::ArgumentStyle;

// A message is two lists around its arguments, which may be nested as deep as any.
constexpr std::size_t depth_max = core::Limits{}.nesting_depth_max - 2;

std::string_view name_of_style(ArgumentStyle style) noexcept {
    switch (style) {
    case ArgumentStyle::named:
    case ArgumentStyle::mixed:
        return rpc_names::named;
    case ArgumentStyle::positional:
        return rpc_names::positional;
    case ArgumentStyle::bare:
        return rpc_names::bare;
    }
    std::unreachable();
}

/// Whether the arguments, without metadata, would be read as others than they are.
bool is_ambiguous(const Call& call) noexcept {
    if (call.style != ArgumentStyle::positional) {
        return true;
    }
    const auto items = call.arguments.as_list();
    return !items.empty() &&
           (is_rpc_metadata(items.back()) || (items.size() == 1 && items[0].is_map()));
}

void write_compression(MsgpackWriter& writer, std::string_view name, format::Compression kind) {
    if (kind != format::Compression::none) {
        writer.text(name);
        writer.text(format::name_of(kind));
    }
}

bool write_auth(MsgpackWriter& writer, const Value& auth) {
    if (auth.is_null()) {
        return true;
    }
    writer.text(rpc_names::auth);
    return writer.value(auth, depth_max - 1);
}

bool write_texts(MsgpackWriter& writer, const Metadata& metadata) {
    for (const MetadataText& each : metadata_texts) {
        if (const std::string_view text = metadata.*each.text; !text.empty()) {
            writer.text(each.member);
            if (!writer.value(Value::text(text))) {
                return false;
            }
        }
    }
    return true;
}

/// How many members there are of what most calls do not say.
std::size_t count_rare(const Metadata& said, const RpcMetadata& metadata) noexcept {
    const bool is_plain = !said.has_texts() && !said.priority && !said.takes_more_than_end() &&
                          metadata.accepts == format::Compression::none &&
                          metadata.compressed == format::Compression::none &&
                          metadata.auth.is_null();
    if (is_plain) [[likely]] {
        return 0;
    }
    const auto texts = std::ranges::count_if(
        metadata_texts, [&](const MetadataText& each) { return !(said.*each.text).empty(); });
    return static_cast<std::size_t>(texts) + (said.priority ? 1 : 0) + (said.parts_window ? 1 : 0) +
           (said.takes_progress ? 1 : 0) + (said.heartbeat ? 1 : 0) +
           (metadata.accepts == format::Compression::none ? 0 : 1) +
           (metadata.compressed == format::Compression::none ? 0 : 1) +
           (metadata.auth.is_null() ? 0 : 1);
}

void write_accepts_message(MsgpackWriter& writer, const RpcMetadata& metadata) {
    if (metadata.accepts_message) {
        writer.text(rpc_names::message);
        writer.boolean(true);
    }
}

/// What comes behind the time that is left and the attempt.
[[gnu::noinline]] bool write_rare(MsgpackWriter& writer, const Metadata& said,
                                  const RpcMetadata& metadata) {
    if (!write_texts(writer, said)) {
        return false;
    }
    if (said.priority) {
        writer.text(rpc_names::priority);
        writer.unsigned_integer(*said.priority);
    }
    write_accepts_message(writer, metadata);
    if (said.parts_window) {
        writer.text(rpc_names::parts);
        writer.unsigned_integer(*said.parts_window);
    }
    if (said.takes_progress) {
        writer.text(rpc_names::progress);
        writer.boolean(true);
    }
    if (said.heartbeat) {
        writer.text(rpc_names::heartbeat_ms);
        writer.integer(said.heartbeat->count());
    }
    write_compression(writer, rpc_names::accept, metadata.accepts);
    write_compression(writer, rpc_names::compressed, metadata.compressed);
    return write_auth(writer, metadata.auth);
}

/// What stands in front of the time-out of most calls, packed once.
std::string plain_head(std::size_t members) {
    std::string packed;
    MsgpackWriter writer{packed};
    writer.map_head(members);
    writer.text(rpc_names::marker);
    writer.text(rpc_names::named);
    writer.text(rpc_names::timeout_ms);
    return packed;
}
const std::string plain_head_2 = plain_head(2);
const std::string plain_head_3 = plain_head(3);

void write_timeout(MsgpackWriter& writer, const Metadata& said) {
    writer.integer(std::max<std::int64_t>(said.time_left->count(), 0));
}

/// in  style: what the marker says
bool write_metadata(MsgpackWriter& writer, std::string_view style, const Call& call,
                    const RpcMetadata& metadata) {
    const bool is_timed = call.metadata.time_left.has_value();
    const bool is_retry = call.metadata.attempt > 1;
    const std::size_t rare = count_rare(call.metadata, metadata);
    if (rare == 0 && is_timed && !is_retry && style == rpc_names::named) [[likely]] {
        writer.append(metadata.accepts_message ? plain_head_3 : plain_head_2);
        write_timeout(writer, call.metadata);
        write_accepts_message(writer, metadata);
        return true;
    }
    writer.map_head(1U + (is_timed ? 1 : 0) + (is_retry ? 1 : 0) +
                    (metadata.accepts_message ? 1 : 0) + rare);
    writer.text(rpc_names::marker);
    writer.text(style);
    if (is_timed) {
        writer.text(rpc_names::timeout_ms);
        write_timeout(writer, call.metadata);
    }
    if (is_retry) {
        writer.text(rpc_names::attempt);
        writer.unsigned_integer(call.metadata.attempt);
    }
    if (rare != 0) [[unlikely]] {
        return write_rare(writer, call.metadata, metadata);
    }
    write_accepts_message(writer, metadata);
    return true;
}

/// out  false, here and below: the writer knows why
bool write_call(MsgpackWriter& writer, const Call& call, const RpcMetadata& metadata,
                RpcPeer peer) {
    if (!writer.value(Value::text(call.method))) [[unlikely]] {
        return false;
    }
    const bool is_compressed = metadata.compressed != format::Compression::none;
    const bool is_list = call.style == ArgumentStyle::positional && !is_compressed;
    const std::span<const Value> items =
        is_list ? call.arguments.as_list() : std::span{&call.arguments, 1};
    const bool with_metadata = peer == RpcPeer::warren &&
                               (call.metadata.time_left || call.metadata.attempt > 1 ||
                                !first_asked(call.metadata).empty() || !metadata.auth.is_null() ||
                                is_compressed || metadata.accepts != format::Compression::none ||
                                is_ambiguous(call) || call.metadata.takes_more_than_end());
    writer.list_head(items.size() + (with_metadata ? 1 : 0));
    for (const Value& item : items) {
        if (!writer.value(item, depth_max)) [[unlikely]] {
            if (is_list) {
                writer.within_item(static_cast<std::size_t>(&item - items.data()));
            }
            return false;
        }
    }
    return !with_metadata || write_metadata(writer, name_of_style(call.style), call, metadata);
}

/// Our own words, and so UTF-8, but for what a handler put into them.
void write_text(MsgpackWriter& writer, std::string_view text) {
    if (core::utf8_valid(text)) {
        writer.text(text);
    } else {
        writer.text(core::text_for_display(text));
    }
}

[[gnu::cold, gnu::noinline]] bool write_failure(MsgpackWriter& writer, const Response& response) {
    writer.map_head(2U + (response.errors.empty() ? 0 : 1) + (response.data ? 1 : 0) +
                    (response.retry_after ? 1 : 0) + (response.is_replayed ? 1 : 0));
    writer.text(rpc_names::code);
    writer.text(name_of(*response.failure));
    writer.text(rpc_names::message);
    write_text(writer, response.message);
    if (!response.errors.empty()) {
        Arena arena;
        writer.text(rpc_names::errors);
        if (!writer.value(to_value(response.errors, arena))) {
            return false;
        }
    }
    if (response.data) {
        writer.text(rpc_names::data);
        if (!writer.value(*response.data, depth_max)) {
            return false;
        }
    }
    if (response.retry_after) {
        writer.text(rpc_names::retry_after_ms);
        writer.integer(response.retry_after->count());
    }
    if (response.is_replayed) {
        writer.text(rpc_names::replayed);
        writer.boolean(true);
    }
    return true;
}

struct ResponseMetadata {
    bool with_message = false;
    bool is_replayed = false;
    bool is_compressed = false;
    bool with_auth = false;
};

[[gnu::noinline]] bool write_response_metadata(MsgpackWriter& writer, const Response& response,
                                               const RpcMetadata& metadata,
                                               const ResponseMetadata& has) {
    writer.map_head(1U + (has.with_message ? 1 : 0) + (response.number ? 1 : 0) +
                    (has.is_replayed ? 1 : 0) + (has.is_compressed ? 1 : 0) +
                    (has.with_auth ? 1 : 0));
    writer.text(rpc_names::marker);
    writer.text(rpc_name_of(response.kind));
    if (has.with_message) {
        writer.text(rpc_names::message);
        write_text(writer, response.message);
    }
    if (response.number) {
        writer.text(rpc_names::number);
        writer.unsigned_integer(*response.number);
    }
    if (has.is_replayed) {
        writer.text(rpc_names::replayed);
        writer.boolean(true);
    }
    write_compression(writer, rpc_names::compressed, metadata.compressed);
    return write_auth(writer, metadata.auth);
}

bool write_response(MsgpackWriter& writer, std::uint32_t id, const Response& response,
                    const RpcMetadata& metadata) {
    const ResponseMetadata has{
        .with_message = metadata.accepts_message && !response.failure &&
                        !response.message.empty() && response.message != message_default,
        .is_replayed = metadata.accepts_message && !response.failure && response.is_replayed,
        .is_compressed = metadata.compressed != format::Compression::none,
        .with_auth = !metadata.auth.is_null()};
    const bool with_metadata = has.with_message || has.is_replayed || has.with_auth ||
                               has.is_compressed || response.number ||
                               response.kind != ResponseKind::end;
    writer.list_head(with_metadata ? 5 : 4);
    writer.unsigned_integer(static_cast<unsigned>(RpcKind::response));
    writer.unsigned_integer(id);
    bool is_written = true;
    if (response.failure) [[unlikely]] {
        is_written = write_failure(writer, response);
        writer.null();
    } else {
        writer.null();
        is_written = writer.value(response.data.value_or(Value{}), depth_max);
    }
    if (!is_written || !with_metadata) [[likely]] {
        return is_written;
    }
    return write_response_metadata(writer, response, metadata, has);
}

/// Write a message once more, with a value that was written before as compressed bytes, where that
/// is wanted and makes it smaller.
/// in   write: takes the value and the metadata
template <typename Write>
[[gnu::noinline]] bool write_compressed(MsgpackWriter& writer, const Value& value,
                                        const RpcMetadata& metadata, Write write) {
    std::string bytes;
    const auto smaller = rpc_compress(metadata.compress.kind, value, bytes);
    if (!smaller) {
        return true;
    }
    RpcMetadata compressed = metadata;
    compressed.compressed = metadata.compress.kind;
    writer.rewind(0);
    return write(*smaller, compressed);
}

[[gnu::cold, gnu::noinline]] std::unexpected<Failure> refuse(MsgpackWriter& writer) {
    writer.rewind(0);
    return std::unexpected{format::to_failure(writer.error())};
}

/// in   write_head: all before the method
template <typename WriteHead>
std::expected<void, Failure> encode_call(const Call& call, const RpcMetadata& metadata,
                                         RpcPeer peer, WriteHead write_head, std::string& out) {
    MsgpackWriter writer{out};
    write_head(writer);
    bool is_written = write_call(writer, call, metadata, peer);
    if (is_written && metadata.compress.is_for(writer.size_bytes())) [[unlikely]] {
        is_written = write_compressed(writer, call.arguments, metadata,
                                      [&](const Value& arguments, const RpcMetadata& compressed) {
                                          Call smaller = call;
                                          smaller.arguments = arguments;
                                          write_head(writer);
                                          return write_call(writer, smaller, compressed, peer);
                                      });
    }
    if (!is_written) [[unlikely]] {
        return refuse(writer);
    }
    return {};
}

/// out  why the response cannot be written; a failure is in its place
[[gnu::cold, gnu::noinline]] std::string write_unwritable(MsgpackWriter& writer, std::uint32_t id,
                                                          const RpcMetadata& metadata) {
    std::string why;
    report(writer.error(), &why);
    writer.rewind(0);
    const Response internal{.failure = Code::internal,
                            .message = "The reply holds a value that MessagePack cannot express"};
    static_cast<void>(write_response(writer, id, internal, metadata));
    return why;
}

}  // namespace

std::expected<void, Failure> rpc_encode_request(std::uint32_t id, const Call& call,
                                                const RpcMetadata& metadata, RpcPeer peer,
                                                std::string& out) {
    return encode_call(
        call, metadata, peer,
        [id](MsgpackWriter& writer) {
            writer.list_head(4);
            writer.unsigned_integer(static_cast<unsigned>(RpcKind::request));
            writer.unsigned_integer(id);
        },
        out);
}

std::expected<void, Failure> rpc_encode_notification(const Call& call, const RpcMetadata& metadata,
                                                     RpcPeer peer, std::string& out) {
    return encode_call(
        call, metadata, peer,
        [](MsgpackWriter& writer) {
            writer.list_head(3);
            writer.unsigned_integer(static_cast<unsigned>(RpcKind::notification));
        },
        out);
}

std::string rpc_encode_response(std::uint32_t id, const Response& response, std::string& out,
                                const RpcMetadata& metadata) {
    MsgpackWriter writer{out};
    bool is_written = write_response(writer, id, response, metadata);
    // Of parts as many are under way as have room in memory, which is counted as they are sent.
    if (is_written && !response.failure && response.data && response.kind == ResponseKind::end &&
        metadata.compress.is_for(writer.size_bytes())) [[unlikely]] {
        is_written = write_compressed(writer, *response.data, metadata,
                                      [&](const Value& data, const RpcMetadata& compressed) {
                                          Response smaller = response;
                                          smaller.data = data;
                                          return write_response(writer, id, smaller, compressed);
                                      });
    }
    return is_written ? std::string{} : write_unwritable(writer, id, metadata);
}

}  // namespace warren::protocol
