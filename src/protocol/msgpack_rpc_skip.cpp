#include "protocol/msgpack_rpc_skip.hpp"

#include "format/msgpack/msgpack_head.hpp"

namespace warren::protocol {

StreamStep MsgpackRpcSkip::begin(const RpcStep& step, MsgpackRpcDecoder& decoder,
                                 std::span<const std::byte> input) {
    const RpcKind kind = decoder.message().kind;
    const bool is_call = kind == RpcKind::notification || (kind == RpcKind::request && step.has_id);
    if (!is_call || !decoder.failure().errors.front().type.ends_with("_over_limit")) {
        return {.state = StreamStep::State::broken};
    }
    decoder.begin_anew();
    skip_ = {};
    return {.state = StreamStep::State::complete, .size_bytes = skip_.resume(input)};
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
