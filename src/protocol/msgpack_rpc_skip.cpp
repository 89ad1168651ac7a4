#include "protocol/msgpack_rpc_skip.hpp"

#include "format/msgpack/msgpack_head.hpp"

#include <cstdint>

namespace warren::protocol {
namespace {

/// What says that more follows is hardly in earnest, and its connection is closed.
constexpr std::uint64_t declared_bytes_max = std::uint64_t{256} << 20;

}  // namespace

StreamStep MsgpackRpcSkip::begin(const RpcStep& step, MsgpackRpcDecoder& decoder,
                                 std::span<const std::byte> input) {
    const RpcKind kind = decoder.message().kind;
    const bool is_call = kind == RpcKind::notification || (kind == RpcKind::request && step.has_id);
    if (!is_call || !decoder.failure().errors.front().type.ends_with("_over_limit")) {
        return {.state = StreamStep::State::broken};
    }
    format::MsgpackSkip skip;
    const std::size_t size_bytes = skip.resume(input);
    if (skip.bytes_declared() > declared_bytes_max) {
        return {.state = StreamStep::State::broken};
    }
    decoder.begin_anew();
    skip_ = skip;
    return {.state = StreamStep::State::complete, .size_bytes = size_bytes};
}

StreamStep MsgpackRpcSkip::resume(std::span<const std::byte> input) noexcept {
    const std::size_t size_bytes = skip_.resume(input);
    if (size_bytes != 0) {
        return {.state = StreamStep::State::skipped, .size_bytes = size_bytes};
    }
    format::MsgpackHead head;
    if (format::msgpack_read_head(input, head)) {
        return {.state = StreamStep::State::broken};
    }
    return {.wanted_bytes = input.size() + 1};
}

}  // namespace warren::protocol
