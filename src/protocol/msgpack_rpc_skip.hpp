#pragma once

#include "format/msgpack/msgpack_skip.hpp"
#include "protocol/msgpack_rpc.hpp"

#include <cstddef>
#include <span>

namespace warren::protocol {

/// A request of a stream that is over a limit: it is answered when its beginning has said whom, and
/// the rest of it is passed over as it comes, so that what follows can be read.
/// thread one at a time
class MsgpackRpcSkip {
public:
    /// in   step: what the decoder made of `input`, which it cannot read
    /// out  complete: it is to be refused; broken: it is no such request, does not say whose, or
    ///      has too much to come
    StreamStep begin(const RpcStep& step, MsgpackRpcDecoder& decoder,
                     std::span<const std::byte> input);
    bool is_over() const noexcept { return skip_.is_over(); }
    /// Pass over more of it.
    /// out  skipped; need_more; broken: it has no end
    StreamStep resume(std::span<const std::byte> input) noexcept;

private:
    format::MsgpackSkip skip_ = format::MsgpackSkip::nothing();
};

}  // namespace warren::protocol
