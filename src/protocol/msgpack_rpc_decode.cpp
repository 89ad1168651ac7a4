#include "core/utf8.hpp"
#include "format/msgpack/msgpack_head.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/message_view.hpp"
#include "protocol/msgpack_rpc.hpp"
#include "protocol/msgpack_rpc_compression.hpp"
#include "protocol/msgpack_rpc_metadata.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace warren::protocol {
namespace {

using RpcState = RpcStep::State;
using ReadState = format::MsgpackScan::State;

std::optional<std::uint32_t> id_of(const Value& value) noexcept {
    if (value.kind() != Value::Kind::int64 || value.as_int64() < 0 ||
        value.as_int64() > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(value.as_int64());
}

/// A text, also of a library that packs it as bytes.
std::optional<std::string_view> packed_text(const Value& value) noexcept {
    if (value.is_text()) {
        return value.as_text();
    }
    if (value.kind() == Value::Kind::bytes && core::utf8_valid(text_of(value.as_bytes()))) {
        return text_of(value.as_bytes());
    }
    return std::nullopt;
}

/// Empty where it is none.
std::string_view text_or_none(const Value& value) noexcept {
    return value.is_text() ? value.as_text() : std::string_view{};
}

ResponseKind kind_named(std::string_view name) noexcept {
    if (name == rpc_names::part) {
        return ResponseKind::part;
    }
    if (name == rpc_names::progress) {
        return ResponseKind::progress;
    }
    return name == rpc_names::heartbeat ? ResponseKind::heartbeat : ResponseKind::end;
}

bool read_text(const Value& value, std::string_view& target) noexcept {
    target = text_or_none(value);
    return value.is_text();
}

[[gnu::cold]] Failure rpc_failure(const Value& error) {
    if (const auto text = packed_text(error)) {
        return {.code = Code::failed, .message = core::text_for_display(*text, text->npos)};
    }
    if (std::optional<Failure> failure = read_failure(error)) {
        return std::move(*failure);
    }
    const std::string message = text_in(error, rpc_names::message);
    return {.code = Code::failed,
            .message = message.empty() ? "The server answered with an error"
                                       : core::text_for_display(message, message.npos),
            .data = Dynamic{error}};
}

[[gnu::cold, gnu::noinline]] void set_failure(std::expected<Response, Failure>& response,
                                              const Value& error) {
    response = std::unexpected{rpc_failure(error)};
}

}  // namespace

MsgpackRpcDecoder::MsgpackRpcDecoder(const core::Limits& limits, StreamSide side,
                                     std::size_t quick_bytes_max) noexcept
    : limits_{limits},
      reader_limits_{side == StreamSide::server ? format::MsgpackLimits::of_requests(limits)
                                                : format::MsgpackLimits::of(limits)},
      is_quick_{quick_bytes_max != 0},
      reader_{reader_limits_, format::MsgpackText::strict, quick_bytes_max} {}

RpcStep MsgpackRpcDecoder::next(std::span<const std::byte> input, Arena& arena) {
    const format::MsgpackRead read = reader_.read(input, arena);
    if (read.state == ReadState::need_more) {
        return {};
    }
    message_ = {};
    if (read.state == ReadState::refused) [[unlikely]] {
        return refused_by_reader(input, read.size_bytes, reader_.error());
    }
    if (read.is_unread) [[unlikely]] {
        const Head head = read_head_of(input.first(read.size_bytes));
        if (head.has_id || (head.has_kind && message_.kind == RpcKind::notification)) {
            return {RpcState::unread, read.size_bytes};
        }
        return {refuse_kind()};
    }
    RpcState state = read.value.is_list()
                         ? take(read.value.as_list())
                         : refuse(RpcState::broken, "A message is a list", "message_type");
    if (state == RpcState::complete && message_.metadata.compressed != format::Compression::none)
        [[unlikely]] {
        // How long it is tells nothing of what it inflates to.
        state = is_quick_ ? RpcState::unread : decompress(arena);
    }
    return {.state = state, .size_bytes = state == RpcState::broken ? 0 : read.size_bytes};
}

RpcStep MsgpackRpcDecoder::cut_short(std::span<const std::byte> input) {
    begin_anew();
    return refused_by_reader(input, input.size(),
                             {.message = "The message is cut short", .type = "message_cut_short"});
}

/// What cannot be decoded is still answered when its beginning says to whom.
RpcStep MsgpackRpcDecoder::refused_by_reader(std::span<const std::byte> input,
                                             std::size_t size_bytes,
                                             const format::DecodeError& error) {
    const Head head = read_head_of(input.first(size_bytes == 0 ? input.size() : size_bytes));
    const bool is_named = head.has_id || (head.has_kind && message_.kind == RpcKind::notification);
    const bool is_server = reader_limits_.text_keys;
    failure_ = is_server ? refused_request(error)
                         : refused_request(error.message, std::string{error.type});
    if (size_bytes != 0 && is_named) {
        return {RpcState::refused, size_bytes};
    }
    return {RpcState::broken, 0, head.has_id};
}

/// Read what a message begins with, of which nothing else needs to be readable.
MsgpackRpcDecoder::Head MsgpackRpcDecoder::read_head_of(std::span<const std::byte> input) {
    format::MsgpackHead list;
    if (!format::msgpack_read_head(input, list) || list.kind != format::MsgpackHead::Kind::list) {
        return {};
    }
    input = input.subspan(list.size_bytes);
    format::MsgpackHead kind;
    if (!format::msgpack_read_head(input, kind) || kind.kind != format::MsgpackHead::Kind::int64 ||
        kind.bits > 2) {
        return {};
    }
    message_.kind = static_cast<RpcKind>(kind.bits);
    if (message_.kind == RpcKind::notification) {
        return {.has_kind = true};
    }
    format::MsgpackHead id;
    const bool has_id = format::msgpack_read_head(input.subspan(kind.size_bytes), id) &&
                        id.kind == format::MsgpackHead::Kind::int64 &&
                        id.bits <= std::numeric_limits<std::uint32_t>::max();
    message_.id = has_id ? static_cast<std::uint32_t>(id.bits) : 0;
    return {.has_kind = true, .has_id = has_id};
}

RpcState MsgpackRpcDecoder::refuse(RpcState state, std::string message, std::string type) {
    failure_ = refused_request(std::move(message), std::move(type));
    return state;
}

RpcState MsgpackRpcDecoder::refuse_kind() {
    return refuse(RpcState::broken, "A message is no request, response or notification",
                  "message_type");
}

/// The message is whole, and its beginning says what it is: what follows can be read.
RpcState MsgpackRpcDecoder::refuse_length(std::string_view form) {
    return refuse(RpcState::refused, "A message should be " + std::string{form}, "message_length");
}

RpcState MsgpackRpcDecoder::take(std::span<const Value> items) {
    const auto kind = items.empty() ? std::nullopt : id_of(items[0]);
    if (!kind || *kind > static_cast<std::uint32_t>(RpcKind::notification)) {
        return refuse_kind();
    }
    message_.kind = static_cast<RpcKind>(*kind);
    if (message_.kind == RpcKind::notification) {
        return items.size() == 3 ? read_call(items[1], items[2])
                                 : refuse_length("[2, method, params]");
    }
    const auto id = items.size() < 2 ? std::nullopt : id_of(items[1]);
    if (message_.kind == RpcKind::request) {
        if (!id) {
            return refuse_kind();
        }
        message_.id = *id;
        return items.size() == 4 ? read_call(items[2], items[3])
                                 : refuse_length("[0, id, method, params]");
    }
    if (items.size() < 2 || !items[1].is_integer()) {
        return refuse_kind();
    }
    message_.id = id.value_or(0);  // of a response to nobody
    return read_response(items);
}

RpcState MsgpackRpcDecoder::read_response(std::span<const Value> items) {
    if (items.size() != 4 && (items.size() != 5 || !is_rpc_metadata(items[4]))) {
        return refuse_length("[1, id, error, result]");
    }
    message_.error = items[2];
    message_.result = items[3];
    if (items.size() == 4) [[likely]] {
        return RpcState::complete;
    }
    message_.metadata.kind = kind_named(text_or_none(items[4].as_map().front().value));
    return read_metadata(items[4]);
}

RpcState MsgpackRpcDecoder::read_call(const Value& method, const Value& params) {
    const auto name = packed_text(method);
    if (!name) {
        return refuse(RpcState::refused, "The method's name should be text", "method_type");
    }
    if (name->size() > limits_.method_name_bytes_max) {
        return refuse(RpcState::refused,
                      "The method's name has more than " +
                          std::to_string(limits_.method_name_bytes_max) +
                          " bytes (method_name_bytes_max)",
                      "method_too_long");
    }
    message_.call.method = *name;
    return read_params(params);
}

RpcState MsgpackRpcDecoder::read_params(const Value& params) {
    using model::ArgumentStyle;
    Call& call = message_.call;
    if (params.is_map()) {
        call.style = ArgumentStyle::named;
        call.arguments = params;
        return RpcState::complete;
    }
    if (!params.is_list()) {
        return refuse(RpcState::refused, "The arguments should be a list or a map", "params_type");
    }
    std::span<const Value> items = params.as_list();
    call.style = ArgumentStyle::positional;
    call.arguments = params;
    if (items.empty() || !is_rpc_metadata(items.back())) {
        if (items.size() == 1 && items[0].is_map()) {
            call.style = ArgumentStyle::bare;
            call.arguments = items[0];
        }
        return RpcState::complete;
    }
    const Value& metadata = items.back();
    items = items.first(items.size() - 1);
    if (const RpcState state = read_metadata(metadata); state != RpcState::complete) {
        return state;
    }
    const std::string_view style = text_or_none(metadata.as_map().front().value);
    const bool is_compressed = message_.metadata.compressed != format::Compression::none;
    if (!is_compressed && style == rpc_names::positional) {
        call.arguments = Value::list(items);
        return RpcState::complete;
    }
    const bool is_named = style == rpc_names::named;
    const bool is_positional = is_compressed && style == rpc_names::positional;
    if (items.size() != 1 || (!is_named && !is_positional && style != rpc_names::bare) ||
        (is_named && !is_compressed && !items[0].is_map())) {
        return refuse_style();
    }
    call.style = is_named        ? ArgumentStyle::named
                 : is_positional ? ArgumentStyle::positional
                                 : ArgumentStyle::bare;
    call.arguments = items[0];
    return RpcState::complete;
}

RpcState MsgpackRpcDecoder::refuse_style() {
    return refuse(RpcState::refused, "The metadata names another style than the arguments have",
                  "metadata_style");
}

RpcState MsgpackRpcDecoder::decompress(Arena& arena) {
    const bool is_response = message_.kind == RpcKind::response;
    Value& packed = is_response ? message_.result : message_.call.arguments;
    auto value = rpc_decompress(message_.metadata.compressed, packed, reader_limits_, arena);
    if (!value) {
        failure_ = std::move(value.error());
        return RpcState::refused;
    }
    packed = *value;
    using model::ArgumentStyle;
    const ArgumentStyle style = message_.call.style;
    const bool is_other =
        !is_response && ((style == ArgumentStyle::named && !packed.is_map()) ||
                         (style == ArgumentStyle::positional && !packed.is_list()));
    return is_other ? refuse_style() : RpcState::complete;
}

/// A request says whether its caller takes one, a response has one.
bool MsgpackRpcDecoder::take_message(const Value& value) noexcept {
    if (message_.kind == RpcKind::response) {
        return read_text(value, message_.metadata.message);
    }
    message_.metadata.accepts_message = value.kind() == Value::Kind::boolean && value.as_boolean();
    return value.kind() == Value::Kind::boolean;
}

/// out  complete, or refused when a member that is known has a wrong kind, or is over a limit
RpcState MsgpackRpcDecoder::read_metadata(const Value& metadata) {
    Metadata& read = message_.call.metadata;
    for (const Member& member : metadata.as_map().subspan(1)) {
        const std::string_view name = text_or_none(member.key);
        bool taken = true;
        if (name == rpc_names::timeout_ms) {
            read.time_left = read_milliseconds(member.value);
            taken = read.time_left.has_value();
        } else if (name == rpc_names::attempt) {
            const auto attempt = id_of(member.value);
            taken = attempt.value_or(0) != 0;
            read.attempt = attempt.value_or(1);
        } else if (name == rpc_names::priority) {
            const auto priority = id_of(member.value);
            taken = priority && *priority <= std::numeric_limits<std::uint8_t>::max();
            read.priority = static_cast<std::uint8_t>(priority.value_or(0));
        } else if (name == rpc_names::message) {
            taken = take_message(member.value);
        } else if (name == rpc_names::parts) {
            read.parts_window = id_of(member.value);
            taken = read.parts_window.has_value();
        } else if (name == rpc_names::progress) {
            read.takes_progress = member.value == Value::boolean(true);
            taken = member.value.kind() == Value::Kind::boolean;
        } else if (name == rpc_names::heartbeat_ms) {
            read.heartbeat = read_milliseconds(member.value);
            taken = read.heartbeat.has_value();
        } else if (name == rpc_names::number) {
            taken = member.value.kind() == Value::Kind::int64 && member.value.as_int64() >= 0;
            message_.metadata.number = taken ? member.value.as_int64() : 0;
        } else if (name == rpc_names::replayed) {
            taken = member.value.kind() == Value::Kind::boolean;
            message_.metadata.is_replayed = taken && member.value.as_boolean();
        } else if (name == rpc_names::accept) {
            // Of what is not known here the result goes as it is.
            std::string_view accepted;
            taken = read_text(member.value, accepted);
            message_.metadata.accepts = format::compression_named(accepted);
        } else if (name == rpc_names::compressed) {
            std::string_view kind;
            message_.metadata.compressed = read_text(member.value, kind)
                                               ? format::compression_named(kind)
                                               : message_.metadata.compressed;
            taken = message_.metadata.compressed != format::Compression::none;
        } else if (name == rpc_names::auth) {
            // What it covers is told by where it stands.
            taken = member.value.is_map() && &member == &metadata.as_map().back();
            message_.metadata.auth = member.value;
        } else if (const auto known =
                       std::ranges::find(metadata_texts, name, &MetadataText::member);
                   known != metadata_texts.end()) {
            taken = read_text(member.value, read.*known->text);
        }
        if (!taken) {
            return refuse(RpcState::refused, "The metadata has a member of a wrong kind",
                          "metadata_type");
        }
    }
    if (auto bounded = bound(read); !bounded) {
        const FieldError& why = bounded.error().errors.front();
        return refuse(RpcState::refused, why.message, why.type);
    }
    return RpcState::complete;
}

std::expected<Response, Failure> rpc_response(const RpcMessage& message) {
    // Made where the caller has it: both are big.
    std::expected<Response, Failure> response;
    if (message.error.is_null()) [[likely]] {
        response->message = message.metadata.message;
        response->data = message.result;
        response->kind = message.metadata.kind;
        response->number = message.metadata.number;
        response->is_replayed = message.metadata.is_replayed;
    } else {
        set_failure(response, message.error);
    }
    return response;
}

}  // namespace warren::protocol
