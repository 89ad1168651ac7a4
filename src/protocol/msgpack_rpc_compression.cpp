#include "protocol/msgpack_rpc_compression.hpp"

#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/field_errors.hpp"
#include "protocol/message_view.hpp"

#include <utility>

namespace warren::protocol {

std::optional<Value> rpc_compress(format::Compression kind, const Value& value,
                                  std::string& packed) {
    std::string plain;
    if (!format::msgpack_encode(value, plain)) {
        return std::nullopt;
    }
    packed = format::compress(kind, plain);
    return packed.empty() ? std::nullopt : std::optional{Value::bytes(bytes_of(packed))};
}

std::expected<Value, Failure> rpc_decompress(format::Compression kind, const Value& packed,
                                             const format::MsgpackLimits& limits, Arena& arena) {
    if (packed.kind() != Value::Kind::bytes) {
        return std::unexpected{
            refused_request("What is compressed should be bytes", "compression_invalid")};
    }
    const auto plain = format::decompress(kind, packed.as_bytes(), limits.bytes_max, arena);
    if (!plain && plain.error() == format::InflateError::over_limit) {
        return std::unexpected{refused_request("The message inflates to more than " +
                                                   std::to_string(limits.bytes_max) +
                                                   " bytes (body_bytes_max)",
                                               "body_too_long")};
    }
    if (!plain) {
        return std::unexpected{refused_request("What is compressed as " +
                                                   std::string{format::name_of(kind)} +
                                                   " cannot be read: it is damaged or cut short",
                                               "compression_invalid")};
    }
    const auto value = format::msgpack_decode(*plain, arena, limits);
    if (!value) {
        return std::unexpected{refused_request(value.error())};
    }
    return *value;
}

}  // namespace warren::protocol
